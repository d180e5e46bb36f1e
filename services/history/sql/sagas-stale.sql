-- Index: tb_saga_ix_started. What has not ended stays.
SELECT s.saga_key
FROM tb_saga AS s
WHERE s.started_at < $1::timestamptz AND s.updated_at < $1::timestamptz AND s.standing = 'ended'
ORDER BY s.started_at ASC NULLS FIRST
LIMIT $2::int8
