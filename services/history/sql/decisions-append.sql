-- Answers the rows that were not there. What was decided is in `told`, a text that nobody here looks into.
INSERT INTO tb_saga_decision (saga_key, seq, decided_at, entries, told)
SELECT r.saga_key, r.seq, r.decided_at, '[]'::jsonb, r.told
FROM unnest($1::text[], $2::int8[], $3::timestamptz[], $4::text[]) AS r (saga_key, seq, decided_at, told)
ON CONFLICT (saga_key, seq) DO NOTHING
RETURNING saga_key, seq
