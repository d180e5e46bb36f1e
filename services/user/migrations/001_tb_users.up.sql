-- The 64-bit id follows from the uuid (contracts/row-id.ts): no sequence, the same on every database.
CREATE TABLE tb_users (
  id_user int8 PRIMARY KEY,
  uuid uuid NOT NULL,
  first_name varchar(50) NOT NULL,
  last_name varchar(50),
  handphone varchar(14) NOT NULL,
  address varchar(500) NOT NULL,
  site_profil varchar(64) NOT NULL,
  email varchar(100) NOT NULL,
  city varchar(100),
  province varchar(100),
  district varchar(100),
  created_at timestamptz NOT NULL,
  updated_at timestamptz NOT NULL,
  deleted_at timestamptz,
  version int8 NOT NULL,
  CONSTRAINT tb_users_un_uuid UNIQUE (uuid),
  CONSTRAINT tb_users_un1 UNIQUE (site_profil),
  CONSTRAINT tb_users_ck_first_name CHECK (first_name <> ''),
  CONSTRAINT tb_users_ck_email CHECK (email LIKE '_%@_%'),
  CONSTRAINT tb_users_ck_updated CHECK (updated_at >= created_at)
);
