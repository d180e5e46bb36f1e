SELECT s.plan, s.id, s.pattern, s.ended_status AS status
FROM ensemble_start AS s
