-- A row that is still `calling` when due had a worker that died: its call may have landed. By owner, so that a claim
-- costs the same however long the backlog is. Index: ensemble_operation_due.
WITH due AS (
  SELECT d.id, d.version
  FROM unnest($1::text[]) AS w (owner)
  CROSS JOIN LATERAL (
    SELECT c.id, c.version, c.due_at
    FROM ensemble_operation AS c
    WHERE c.owner = w.owner AND c.status IN ('set_aside', 'calling') AND c.due_at <= now()
    ORDER BY c.due_at ASC NULLS LAST
    LIMIT $3::int8
    FOR UPDATE SKIP LOCKED
  ) AS d
  ORDER BY d.due_at ASC NULLS LAST
  LIMIT $3::int8
)
UPDATE ensemble_operation AS o
SET
  status = 'calling', attempt = o.attempt + 1::int4, due_at = now() + $2::int8 * interval '1 millisecond',
  doubt = o.doubt OR o.status = 'calling', version = o.version + 1::int8, changed_at = now()
FROM due
WHERE o.id = due.id AND o.version = due.version
RETURNING
  o.id, o.status, o.owner, o.key, o.attempt, o.origin, o.sent, o.wish, o.again, o.due_at, o.doubt, o.parked,
  o.version
