SELECT count(o.uuid) AS total
FROM tb_orders AS o
WHERE o.deleted_at IS NULL
