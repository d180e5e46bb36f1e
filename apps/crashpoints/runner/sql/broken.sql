-- Engine tables of one service: what nobody will finish. What was sent as garbage has to end here.
SELECT 'service' AS service, 'parked operation' AS place, o.id || ': ' || o.parked AS what
FROM service.ensemble_operation AS o
WHERE o.parked IS NOT NULL
UNION ALL
SELECT 'service' AS service, 'parked saga' AS place, s.plan || '/' || s.id || ': ' || s.parked AS what
FROM service.ensemble_saga AS s
WHERE s.parked IS NOT NULL
UNION ALL
SELECT 'service' AS service, 'dead letter' AS place, d.reason || ' ' || d.detail || ' ' || d.message AS what
FROM service.ensemble_dead_letter AS d
WHERE d.reason <> 'UNDECODABLE' OR d.message NOT LIKE '%-garbage%'
