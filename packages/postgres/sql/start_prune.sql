-- Index: ensemble_start_ended.
DELETE FROM ensemble_start AS s
WHERE
  s.ended_status IS NOT NULL
  AND (s.plan, s.id) IN (
    SELECT p.plan, p.id
    FROM ensemble_start AS p
    WHERE p.ended_status IS NOT NULL AND p.started_at < $1::timestamptz
    ORDER BY p.started_at ASC NULLS LAST
    LIMIT $2::int8
  )
