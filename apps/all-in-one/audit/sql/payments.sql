-- The columns beside the sums of the ledger's rows; the ledger is read from its own table, not through the columns.
SELECT
  p.uuid_order::text AS uuid_order,
  s.nm_payment_status AS status,
  p.payment_order::float8 AS payment_order,
  p.payment_total::float8 AS payment_total,
  p.change_total::float8 AS change_total,
  p.refund_total::float8 AS refund_total,
  coalesce(sum(CASE WHEN e.kind = 'in' THEN e.amount END), 0)::float8 AS ledger_in,
  coalesce(sum(CASE WHEN e.kind = 'change' THEN e.amount END), 0)::float8 AS ledger_change,
  coalesce(sum(CASE WHEN e.kind = 'refund' THEN e.amount END), 0)::float8 AS ledger_refund
FROM tb_payment AS p
INNER JOIN tb_payment_status AS s ON s.id_payment_status = p.id_payment_status
LEFT JOIN tb_payment_entry AS e ON e.uuid_payment = p.uuid
GROUP BY
  p.uuid, p.uuid_order, s.nm_payment_status, p.payment_order, p.payment_total, p.change_total, p.refund_total
