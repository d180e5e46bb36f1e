CREATE TABLE tb_order_type (
  id_order_type int8 PRIMARY KEY,
  order_type varchar(50) NOT NULL,
  created_at timestamptz NOT NULL DEFAULT now(),
  updated_at timestamptz NOT NULL DEFAULT now(),
  deleted_at timestamptz,
  CONSTRAINT tb_order_type_un_name UNIQUE (order_type)
);
