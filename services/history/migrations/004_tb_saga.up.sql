-- `summary` is what the other columns are computed from.
CREATE TABLE tb_saga (
  saga_key text PRIMARY KEY,
  plan text NOT NULL,
  id text NOT NULL,
  pattern varchar(16) NOT NULL,
  status varchar(16) NOT NULL,
  standing varchar(16) NOT NULL,
  waits_for varchar(64),
  started_at timestamptz NOT NULL,
  updated_at timestamptz NOT NULL,
  summary jsonb NOT NULL,
  version int8 NOT NULL
);
