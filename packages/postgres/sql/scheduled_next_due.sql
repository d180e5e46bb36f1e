-- Index: primary key.
SELECT s.due_at
FROM ensemble_scheduled AS s
ORDER BY s.due_at ASC NULLS LAST
LIMIT 1
