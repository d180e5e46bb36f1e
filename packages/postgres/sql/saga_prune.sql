-- Not where the next decision is parked: it is still to be made. Index: ensemble_saga_ended.
DELETE FROM ensemble_saga AS s
WHERE
  s.changed_at < $1::timestamptz
  AND (s.plan, s.id) IN (
    SELECT p.plan, p.id
    FROM ensemble_saga AS p
    WHERE
      p.changed_at < $1::timestamptz AND p.parked IS NULL AND p.status IN ('early', 'completed', 'compensated')
    ORDER BY p.changed_at ASC NULLS LAST
    LIMIT $2::int8
  )
