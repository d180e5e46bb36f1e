SELECT
  t.plan, t.id, t.pattern, t.ended_status AS status, g.status AS advanced
FROM (
  SELECT d.plan, d.id, d.pattern, d.ended_status FROM desk.ensemble_start AS d
  UNION ALL
  SELECT k.plan, k.id, k.pattern, k.ended_status FROM stock.ensemble_start AS k
) AS t
LEFT JOIN (
  SELECT o.plan, o.id, o.status FROM orchestrator.ensemble_saga AS o
  UNION ALL
  SELECT s.plan, s.id, s.status FROM stock.ensemble_saga AS s
) AS g ON g.plan = t.plan AND g.id = t.id
WHERE t.id LIKE $1::text || '-%'
