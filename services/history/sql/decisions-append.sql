-- One row for what a batch has told of a saga: `told` has it all, a text that nobody here looks into.
INSERT INTO tb_saga_decision (saga_key, seq, decided_at, entries, told)
SELECT r.saga_key, r.seq, r.decided_at, '[]'::jsonb, r.told
FROM unnest($1::text[], $2::int8[], $3::timestamptz[], $4::text[]) AS r (saga_key, seq, decided_at, told)
