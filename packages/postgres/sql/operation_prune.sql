-- Not where the decision after the answer is parked: it is still to be made. Index: ensemble_operation_answered.
DELETE FROM ensemble_operation AS o
WHERE
  o.changed_at < $1::timestamptz
  AND o.id IN (
    SELECT p.id
    FROM ensemble_operation AS p
    WHERE
      p.changed_at < $1::timestamptz AND p.parked IS NULL
      AND p.status IN ('succeeded', 'rejected', 'withdrawn', 'faulted', 'unknown')
    ORDER BY p.changed_at ASC NULLS LAST
    LIMIT $2::int8
  )
