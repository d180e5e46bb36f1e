-- A row that is still `calling` when due had a worker that died: its call may have landed.
-- Index: ensemble_operation_due.
WITH due AS (
  SELECT d.id
  FROM ensemble_operation AS d
  WHERE d.owner = ANY ($1::text[]) AND d.status IN ('set_aside', 'calling') AND d.due_at <= now()
  ORDER BY d.due_at ASC
  LIMIT $3::int8
  FOR UPDATE SKIP LOCKED
)
UPDATE ensemble_operation AS o
SET
  status = 'calling', attempt = o.attempt + 1::int4, due_at = now() + $2::int8 * interval '1 millisecond',
  doubt = o.doubt OR o.status = 'calling', version = o.version + 1::int8, changed_at = now()
FROM due
WHERE o.id = due.id AND o.status IN ('set_aside', 'calling') AND o.due_at <= now()
RETURNING
  o.id, o.status, o.owner, o.key, o.attempt, o.origin, o.sent, o.wish, o.again, o.due_at, o.doubt, o.parked,
  o.version
