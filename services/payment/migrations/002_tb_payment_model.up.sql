CREATE TABLE tb_payment_model (
  id_payment_model int8 PRIMARY KEY,
  nm_payment_model varchar(50) NOT NULL,
  created_at timestamptz NOT NULL DEFAULT now(),
  updated_at timestamptz NOT NULL DEFAULT now(),
  deleted_at timestamptz,
  CONSTRAINT tb_payment_model_un_name UNIQUE (nm_payment_model)
);
