SELECT r.begun_at, r.ended_at, r.late_count, r.sent_count, r.closed_count, r.unhealed_count
FROM tb_payment_reconciliation AS r
WHERE r.singleton = 1
