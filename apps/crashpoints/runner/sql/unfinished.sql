-- Engine tables of one service: what is still under way. Empty when all is quiet.
SELECT 'service' AS service, 'outbox' AS place, o.id AS what
FROM service.ensemble_outbox AS o
UNION ALL
SELECT 'service' AS service, 'operation' AS place, o.id || ' is ' || o.status AS what
FROM service.ensemble_operation AS o
WHERE o.status NOT IN ('succeeded', 'rejected', 'withdrawn', 'faulted', 'unknown')
UNION ALL
SELECT 'service' AS service, 'scheduled' AS place, 'due at ' || s.due_at::text AS what
FROM service.ensemble_scheduled AS s
WHERE s.due_at <= now()
UNION ALL
SELECT 'service' AS service, 'start' AS place, t.plan || '/' || t.id AS what
FROM service.ensemble_start AS t
WHERE t.ended_status IS NULL
UNION ALL
SELECT 'service' AS service, 'saga' AS place, g.plan || '/' || g.id || ' is ' || g.status AS what
FROM service.ensemble_saga AS g
WHERE g.status NOT IN ('completed', 'compensated')
