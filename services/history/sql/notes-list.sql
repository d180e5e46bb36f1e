-- Index: tb_saga_note_ix_noted. The newest.
SELECT n.id, n.noted_at, n.source, n.type, n.operation, n.attempt, n.detail
FROM tb_saga_note AS n
WHERE n.saga_key = $1::text
ORDER BY n.noted_at DESC NULLS LAST
LIMIT $2::int8
