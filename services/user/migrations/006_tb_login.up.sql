-- password is a PHC string of argon2id, and this is the only place that holds one.
-- A name stays with its row, deleted or not: nobody inherits it.
CREATE TABLE tb_login (
  id int8 PRIMARY KEY,
  uuid uuid NOT NULL,
  id_user int8 NOT NULL,
  username varchar(100) NOT NULL,
  password varchar(255) NOT NULL,
  id_roles int8 NOT NULL,
  created_at timestamptz NOT NULL,
  update_at timestamptz NOT NULL,
  deleted_at timestamptz,
  version int8 NOT NULL,
  CONSTRAINT tb_login_un_uuid UNIQUE (uuid),
  CONSTRAINT tb_login_un_username UNIQUE (username),
  CONSTRAINT tb_login_fk_user FOREIGN KEY (id_user) REFERENCES tb_users (id_user) ON DELETE RESTRICT,
  CONSTRAINT tb_login_fk_roles FOREIGN KEY (id_roles) REFERENCES tb_roles (id_roles) ON DELETE RESTRICT,
  CONSTRAINT tb_login_ck_username CHECK (username = lower(username) AND username <> ''),
  CONSTRAINT tb_login_ck_password CHECK (password LIKE '$argon2id$%')
);
