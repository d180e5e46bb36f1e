-- Index: primary key.
SELECT r.id, r.status, r.total, r.marks, r.note
FROM bench_order AS r
WHERE r.id = ANY ($1::text[])
ORDER BY r.id ASC NULLS FIRST
FOR UPDATE
