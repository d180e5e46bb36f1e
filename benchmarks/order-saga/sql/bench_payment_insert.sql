INSERT INTO bench_payment (id, status, total)
SELECT r.id, r.status, r.total FROM jsonb_to_recordset($1::jsonb) AS r (id text, status text, total int8)
