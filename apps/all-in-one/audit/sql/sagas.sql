SELECT s.plan, s.id, s.status
FROM ensemble_saga AS s
