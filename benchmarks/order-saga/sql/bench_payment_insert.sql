INSERT INTO bench_payment (id, status, total, marks, note)
SELECT r.id, r.status, r.total, r.marks, r.note
FROM jsonb_to_recordset($1::jsonb) AS r (id text, status text, total int8, marks int8, note text)
