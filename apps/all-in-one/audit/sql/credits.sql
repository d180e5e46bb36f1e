-- What each user owes, as stored and as it follows from the open Pay Later payments (545378075266842625).
SELECT
  coalesce(c.uuid_user, o.uuid_user)::text AS uuid_user,
  coalesce(c.open_total, 0)::float8 AS stored,
  coalesce(o.open_total, 0)::float8 AS owed
FROM tb_payment_credit AS c
FULL OUTER JOIN (
  SELECT p.uuid_user, sum(p.payment_order) AS open_total
  FROM tb_payment AS p
  INNER JOIN tb_payment_status AS s ON s.id_payment_status = p.id_payment_status
  WHERE p.id_payment_model = 545378075266842625 AND s.nm_payment_status IN ('Pending', 'Waiting')
  GROUP BY p.uuid_user
) AS o ON o.uuid_user = c.uuid_user
WHERE coalesce(c.open_total, 0) <> coalesce(o.open_total, 0)
