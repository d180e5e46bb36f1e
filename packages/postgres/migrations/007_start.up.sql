-- A saga as its starter knows it.
CREATE TABLE ensemble_start (
  plan text NOT NULL,
  id text NOT NULL,
  pattern text NOT NULL,
  version int4 NOT NULL,
  input_fingerprint text NOT NULL,
  sent text NOT NULL,
  started_at timestamptz NOT NULL,
  ended_status text,
  ended_data text,
  PRIMARY KEY (plan, id)
);
