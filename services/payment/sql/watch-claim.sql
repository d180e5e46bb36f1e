-- Takes what has been late for a while, oldest first, and puts it off: nobody else takes it, and what cannot be healed
-- does not stand in the way of the rest. Index: tb_payment_watch_ix_check.
WITH late AS (
  SELECT c.uuid, c.check_at
  FROM tb_payment_watch AS c
  WHERE c.check_at < now() - $1::int8 * interval '1 millisecond'
  ORDER BY c.check_at ASC NULLS LAST
  LIMIT $2::int8
  FOR UPDATE SKIP LOCKED
)
UPDATE tb_payment_watch AS w
SET check_at = now()
FROM late
WHERE w.uuid = late.uuid AND w.check_at = late.check_at
RETURNING w.uuid
