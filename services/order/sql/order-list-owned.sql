-- Index: tb_orders_ix_user.
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
WHERE o.user_uuid = $1::uuid AND o.deleted_at IS NULL
ORDER BY o.created_at DESC NULLS LAST, o.uuid DESC NULLS LAST
LIMIT $2::int8
OFFSET $3::int8
