-- Index: primary key.
INSERT INTO decision (saga, seq, entries)
SELECT r.saga, r.seq, r.entries
FROM jsonb_to_recordset($1::jsonb) AS r (saga text, seq int4, entries text)
ON CONFLICT (saga, seq, entries) DO NOTHING
