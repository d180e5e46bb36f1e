-- Index: tb_saga_decision_pk. The newest.
SELECT d.seq, d.decided_at, d.entries
FROM tb_saga_decision AS d
WHERE d.saga_key = $1::text
ORDER BY d.seq DESC NULLS LAST
LIMIT $2::int8
