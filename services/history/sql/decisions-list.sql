-- Index: tb_saga_decision_pk. The newest. A row without `told` is one decision.
SELECT d.seq, d.decided_at, d.entries, d.told
FROM tb_saga_decision AS d
WHERE d.saga_key = $1::text
ORDER BY d.seq DESC NULLS LAST
LIMIT $2::int8
