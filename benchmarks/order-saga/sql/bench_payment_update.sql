-- Index: primary key.
UPDATE bench_payment AS t SET status = r.status
FROM jsonb_to_recordset($1::jsonb) AS r (id text, status text)
WHERE t.id = r.id
RETURNING t.id
