-- Engine tables of one service: what nobody will finish. Nothing in this run may be parked or undeliverable.
SELECT 'dead letter' AS place, d.topic || ' ' || d.id || ': ' || d.reason || ' ' || d.detail AS what
FROM ensemble_dead_letter AS d
UNION ALL
SELECT 'parked operation' AS place, o.id || ': ' || o.parked AS what
FROM ensemble_operation AS o
WHERE o.parked IS NOT NULL
UNION ALL
SELECT 'parked saga' AS place, s.plan || '/' || s.id || ': ' || s.parked AS what
FROM ensemble_saga AS s
WHERE s.parked IS NOT NULL
