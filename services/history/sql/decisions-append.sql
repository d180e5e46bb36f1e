-- Answers the rows that were not there.
INSERT INTO tb_saga_decision (saga_key, seq, decided_at, entries)
SELECT r.saga_key, r.seq, r.decided_at, r.entries
FROM jsonb_to_recordset($1::jsonb) AS r (saga_key text, seq int8, decided_at timestamptz, entries jsonb)
ON CONFLICT (saga_key, seq) DO NOTHING
RETURNING saga_key, seq
