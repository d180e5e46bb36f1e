SELECT o.uuid::text AS uuid, o.order_number, o.user_uuid::text AS user_uuid, s.nm_status_order AS status
FROM tb_orders AS o
INNER JOIN tb_order_status AS s ON s.id_order_status = o.id_order_status
