-- 545347536856023041 is Complete.
SELECT
  (SELECT count(*) FROM "order".tb_orders AS o)::int8 AS orders,
  (
    SELECT count(*) FROM "order".tb_orders AS o WHERE o.id_order_status = 545347536856023041
  )::int8 AS complete,
  (SELECT count(*) FROM history.tb_saga AS h WHERE h.plan = 'order.place' AND h.standing = 'ended')::int8 AS told,
  (SELECT count(*) FROM gateway.ensemble_start AS s WHERE s.ended_status IS NULL)::int8 AS running,
  (
    SELECT COALESCE(sum(e.amount), 0) FROM payment.tb_payment_entry AS e WHERE e.kind = 'in'
  )::int8 AS money_in,
  (
    SELECT COALESCE(sum(e.amount), 0) FROM payment.tb_payment_entry AS e WHERE e.kind <> 'in'
  )::int8 AS money_out
