CREATE TABLE tb_saga_note (
  id text PRIMARY KEY,
  saga_key text NOT NULL,
  noted_at timestamptz NOT NULL,
  source varchar(64) NOT NULL,
  type varchar(32) NOT NULL,
  operation text,
  attempt int4 NOT NULL,
  detail text NOT NULL
);
