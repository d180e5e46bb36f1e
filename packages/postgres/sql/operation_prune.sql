-- Not where the decision after the answer is parked: it is still to be made. By a list of keys, so that each is looked
-- up: how many a LIMIT leaves is not known when the plan is made. Index: ensemble_operation_answered; primary key.
WITH old AS (
  SELECT p.id
  FROM ensemble_operation AS p
  WHERE
    p.changed_at < $1::timestamptz AND p.parked IS NULL
    AND p.status IN ('succeeded', 'rejected', 'withdrawn', 'faulted', 'unknown')
  ORDER BY p.changed_at ASC NULLS LAST
  LIMIT $2::int8
),
keys AS (
  SELECT array_agg(old.id) AS ids
  FROM old
)
DELETE FROM ensemble_operation AS o
USING keys AS k
WHERE o.id = ANY (k.ids) AND o.changed_at < $1::timestamptz
