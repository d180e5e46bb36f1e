INSERT INTO tb_orders (
  id_order,
  uuid,
  order_number,
  user_uuid,
  id_order_type,
  id_order_status,
  created_at,
  updated_at,
  version
)
SELECT
  r.id_order,
  r.uuid,
  r.order_number,
  r.user_uuid,
  r.id_order_type,
  r.id_order_status,
  r.created_at,
  r.updated_at,
  r.version + 1::int8
FROM jsonb_to_recordset($1::jsonb) AS r (
  id_order int8,
  uuid uuid,
  order_number text,
  user_uuid uuid,
  id_order_type int8,
  id_order_status int8,
  created_at timestamptz,
  updated_at timestamptz,
  version int8
)
