-- Index: primary key.
SELECT s.due_at
FROM ensemble_scheduled AS s
ORDER BY s.due_at ASC
LIMIT 1
