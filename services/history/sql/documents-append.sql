-- The first entry that comes makes its document; an earlier one that comes later tells when it began.
INSERT INTO tb_history_document AS d (action, uuid, created_at)
SELECT r.action, r.uuid, r.created_at
FROM jsonb_to_recordset($1::jsonb) AS r (action text, uuid uuid, created_at timestamptz)
ON CONFLICT (action, uuid) DO UPDATE SET created_at = excluded.created_at
WHERE d.created_at > excluded.created_at
