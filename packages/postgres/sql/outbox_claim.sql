-- Oldest first. Index: ensemble_outbox_left.
WITH left_behind AS (
  SELECT l.id, l.claim_after AS since
  FROM ensemble_outbox AS l
  WHERE l.claim_after <= now()
  ORDER BY l.claim_after ASC NULLS LAST
  LIMIT $1::int8
  FOR UPDATE SKIP LOCKED
)
UPDATE ensemble_outbox AS o
SET claim_after = now() + $2::int8 * interval '1 millisecond'
FROM left_behind AS l
WHERE o.id = l.id AND o.claim_after = l.since
RETURNING o.id, o.messages, l.since
