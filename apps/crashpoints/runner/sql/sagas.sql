SELECT
  t.plan, t.id, t.pattern, t.ended_status AS status, g.status AS advanced
FROM desk.ensemble_start AS t
LEFT JOIN orchestrator.ensemble_saga AS g ON g.plan = t.plan AND g.id = t.id
WHERE t.id LIKE $1::text || '-%'
