-- Index: tb_orders_un_uuid. Finds a row only at the version that was read; the caller counts.
UPDATE tb_orders AS o
SET
  order_number = r.order_number,
  id_order_status = r.id_order_status,
  updated_at = r.updated_at,
  version = r.version + 1::int8
FROM jsonb_to_recordset($1::jsonb) AS r (
  uuid uuid,
  order_number text,
  id_order_status int8,
  updated_at timestamptz,
  version int8
)
WHERE o.uuid = r.uuid AND o.version = r.version
RETURNING o.uuid
