-- Index: tb_orders_un_uuid.
SELECT
  o.id_order,
  o.uuid,
  o.order_number,
  o.user_uuid,
  o.id_order_type,
  o.id_order_status,
  o.created_at,
  o.updated_at,
  o.version
FROM tb_orders AS o
WHERE o.uuid = $1::uuid AND o.deleted_at IS NULL
