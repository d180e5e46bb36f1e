-- client_secret is a PHC string of argon2id, and this is the only place that holds one.
-- A name is one client's for ever.
CREATE TABLE tb_client (
  id_client int8 PRIMARY KEY,
  uuid uuid NOT NULL,
  client_name varchar(100) NOT NULL,
  client_key varchar(64) NOT NULL,
  client_secret varchar(255) NOT NULL,
  scope varchar(1000) NOT NULL,
  is_first_party bool NOT NULL,
  redirect_url varchar(2000) NOT NULL,
  created_at timestamptz NOT NULL,
  update_at timestamptz NOT NULL,
  deleted_at timestamptz,
  CONSTRAINT tb_client_un_uuid UNIQUE (uuid),
  CONSTRAINT tb_client_un_name UNIQUE (client_name),
  CONSTRAINT tb_client_un_key UNIQUE (client_key),
  CONSTRAINT tb_client_ck_secret CHECK (client_secret LIKE '$argon2id$%')
);
