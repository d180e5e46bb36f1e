-- Who did what: names and ids, never a secret, a token or what somebody typed.
CREATE TABLE tb_audit (
  uuid uuid PRIMARY KEY,
  happened_at timestamptz NOT NULL,
  kind varchar(40) NOT NULL,
  client_key varchar(64),
  uuid_user uuid,
  about varchar(200) NOT NULL
);
