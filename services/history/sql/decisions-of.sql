-- Index: tb_saga_decision_pk. All of these sagas.
SELECT d.saga_key, d.seq, d.decided_at, d.entries, d.told
FROM tb_saga_decision AS d
WHERE d.saga_key = ANY ($1::text[])
