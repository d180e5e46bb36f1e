-- By a list of keys, so that each is looked up: how many a LIMIT leaves is not known when the plan is made. Index:
-- ensemble_start_ended; primary key.
WITH old AS (
  SELECT p.plan, p.id
  FROM ensemble_start AS p
  WHERE p.ended_status IS NOT NULL AND p.started_at < $1::timestamptz
  ORDER BY p.started_at ASC NULLS LAST
  LIMIT $2::int8
),
keys AS (
  SELECT array_agg(old.plan) AS plans, array_agg(old.id) AS ids
  FROM old
)
DELETE FROM ensemble_start AS s
USING keys AS k, unnest(k.plans, k.ids) AS w (plan, id)
WHERE s.plan = w.plan AND s.id = w.id AND s.ended_status IS NOT NULL
