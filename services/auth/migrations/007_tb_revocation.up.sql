-- What was revoked while access tokens of it may live, by SHA-256 of its name.
CREATE TABLE tb_revocation (
  name_digest varchar(64) PRIMARY KEY,
  revoked_at timestamptz NOT NULL,
  expires_at timestamptz NOT NULL
);
