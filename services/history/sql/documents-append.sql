-- The first entry that comes makes its document.
INSERT INTO tb_history_document (action, uuid, created_at)
SELECT r.action, r.uuid, r.created_at
FROM jsonb_to_recordset($1::jsonb) AS r (action text, uuid uuid, created_at timestamptz)
ON CONFLICT (action, uuid) DO NOTHING
