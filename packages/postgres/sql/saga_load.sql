-- Index: primary key.
SELECT s.plan, s.id, s.state, s.wish, s.parked, s.version
FROM ensemble_saga AS s
INNER JOIN unnest($1::text[], $2::text[]) AS w (plan, id) ON w.plan = s.plan AND w.id = s.id
ORDER BY s.plan ASC NULLS LAST, s.id ASC NULLS LAST
FOR UPDATE OF s
