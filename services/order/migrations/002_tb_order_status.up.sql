CREATE TABLE tb_order_status (
  id_order_status int8 PRIMARY KEY,
  nm_status_order varchar(50) NOT NULL,
  created_at timestamptz NOT NULL DEFAULT now(),
  updated_at timestamptz NOT NULL DEFAULT now(),
  deleted_at timestamptz,
  CONSTRAINT tb_order_status_un_name UNIQUE (nm_status_order)
);
