-- The turn is whose row comes back; the last one's result stays until this one has ended.
INSERT INTO tb_payment_reconciliation AS r (
  singleton, begun_at, ended_at, late_count, sent_count, closed_count, unhealed_count
)
VALUES (1, now(), NULL, 0, 0, 0, 0)
ON CONFLICT (singleton) DO UPDATE
SET begun_at = excluded.begun_at
WHERE r.begun_at <= excluded.begun_at - $1::int8 * interval '1 millisecond'
RETURNING r.begun_at
