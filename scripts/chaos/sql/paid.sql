-- When the money that settled an order came in, milliseconds: since then its saga waits for nobody outside.
SELECT
  'order.place/' || p.uuid_order::text AS saga,
  (extract(epoch FROM max(e.created_at)) * 1000)::float8 AS at
FROM tb_payment AS p
INNER JOIN tb_payment_status AS s ON s.id_payment_status = p.id_payment_status
INNER JOIN tb_payment_entry AS e ON e.uuid_payment = p.uuid
WHERE s.nm_payment_status = 'Paid' AND e.kind = 'in'
GROUP BY p.uuid_order
