UPDATE tb_payment_reconciliation AS r
SET
  ended_at = now(),
  late_count = $1::int8,
  sent_count = $2::int8,
  closed_count = $3::int8,
  unhealed_count = $4::int8
WHERE r.singleton = 1
