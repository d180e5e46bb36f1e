-- The 64-bit id follows from the uuid (contracts/row-id.ts): no sequence, the same on every database.
CREATE TABLE tb_orders (
  id_order int8 PRIMARY KEY,
  uuid uuid NOT NULL,
  order_number varchar(100) NOT NULL,
  user_uuid uuid NOT NULL,
  id_order_type int8 NOT NULL,
  id_order_status int8 NOT NULL,
  created_at timestamptz NOT NULL,
  updated_at timestamptz NOT NULL,
  deleted_at timestamptz,
  version int8 NOT NULL,
  CONSTRAINT tb_orders_un_uuid UNIQUE (uuid),
  CONSTRAINT tb_orders_fk_type
    FOREIGN KEY (id_order_type) REFERENCES tb_order_type (id_order_type) ON DELETE RESTRICT,
  CONSTRAINT tb_orders_fk_status
    FOREIGN KEY (id_order_status) REFERENCES tb_order_status (id_order_status) ON DELETE RESTRICT,
  CONSTRAINT tb_orders_ck_number CHECK (order_number <> ''),
  CONSTRAINT tb_orders_ck_updated CHECK (updated_at >= created_at)
);
