-- Index: primary key.
UPDATE bench_order AS t SET status = r.status, marks = r.marks
FROM jsonb_to_recordset($1::jsonb) AS r (id text, status text, marks int8)
WHERE t.id = r.id
RETURNING t.id
