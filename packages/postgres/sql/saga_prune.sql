-- Not where the next decision is parked: it is still to be made. By a list of keys, so that each is looked up: how many
-- a LIMIT leaves is not known when the plan is made. Asked again of the row itself: a cancel that came early may have
-- become a running saga meanwhile. Index: ensemble_saga_ended; primary key.
WITH old AS (
  SELECT p.plan, p.id
  FROM ensemble_saga AS p
  WHERE p.changed_at < $1::timestamptz AND p.parked IS NULL AND p.status IN ('early', 'completed', 'compensated')
  ORDER BY p.changed_at ASC NULLS LAST
  LIMIT $2::int8
),
keys AS (
  SELECT array_agg(old.plan) AS plans, array_agg(old.id) AS ids
  FROM old
)
DELETE FROM ensemble_saga AS s
USING keys AS k, unnest(k.plans, k.ids) AS w (plan, id)
WHERE
  s.plan = w.plan AND s.id = w.id AND s.changed_at < $1::timestamptz
  AND s.parked IS NULL AND s.status IN ('early', 'completed', 'compensated')
