-- Wrong passwords in a row, by SHA-256 of the name, which need not be anybody's: people type passwords where names go.
CREATE TABLE tb_login_attempt (
  username_digest varchar(64) PRIMARY KEY,
  failures int8 NOT NULL,
  failed_at timestamptz NOT NULL
);
