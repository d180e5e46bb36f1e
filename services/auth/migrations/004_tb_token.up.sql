-- Refresh tokens and the logins they belong to, by SHA-256 of what they are: nobody can use what is read here.
CREATE TABLE tb_token (
  kind varchar(40) NOT NULL,
  token_digest varchar(64) NOT NULL,
  grant_id varchar(64),
  payload jsonb NOT NULL,
  consumed_at timestamptz,
  expires_at timestamptz NOT NULL,
  PRIMARY KEY (kind, token_digest)
);
