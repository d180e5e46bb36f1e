CREATE TABLE tb_payment_status (
  id_payment_status int8 PRIMARY KEY,
  nm_payment_status varchar(50) NOT NULL,
  created_at timestamptz NOT NULL DEFAULT now(),
  updated_at timestamptz NOT NULL DEFAULT now(),
  deleted_at timestamptz,
  CONSTRAINT tb_payment_status_un_name UNIQUE (nm_payment_status)
);
