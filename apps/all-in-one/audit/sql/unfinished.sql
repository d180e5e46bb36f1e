-- Engine tables of one service: what is still under way. Empty when all is quiet.
SELECT 'outbox' AS place, o.id AS what
FROM ensemble_outbox AS o
UNION ALL
SELECT 'operation' AS place, o.id || ' is ' || o.status AS what
FROM ensemble_operation AS o
WHERE o.status NOT IN ('succeeded', 'rejected', 'withdrawn', 'faulted', 'unknown')
UNION ALL
SELECT 'scheduled' AS place, 'due at ' || s.due_at::text AS what
FROM ensemble_scheduled AS s
WHERE s.due_at <= now()
UNION ALL
SELECT 'start' AS place, s.plan || '/' || s.id || ' (' || s.pattern || ')' AS what
FROM ensemble_start AS s
WHERE s.ended_status IS NULL
UNION ALL
SELECT 'saga' AS place, s.plan || '/' || s.id || ' is ' || s.status AS what
FROM ensemble_saga AS s
WHERE s.status NOT IN ('completed', 'compensated')
