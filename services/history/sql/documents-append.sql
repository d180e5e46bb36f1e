-- The first entry that comes makes its document; an earlier one that comes later tells when it began.
INSERT INTO tb_history_document AS d (action, uuid, created_at)
SELECT r.action, r.uuid, r.created_at
FROM unnest($1::text[], $2::uuid[], $3::timestamptz[]) AS r (action, uuid, created_at)
ON CONFLICT (action, uuid) DO UPDATE SET created_at = excluded.created_at
WHERE d.created_at > excluded.created_at
