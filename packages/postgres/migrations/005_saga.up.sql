-- A saga of the orchestrator. status: its phase, or 'early' while only a cancel is known.
CREATE TABLE ensemble_saga (
  plan text NOT NULL,
  id text NOT NULL,
  status text NOT NULL,
  state text,
  wish text,
  parked text,
  version int8 NOT NULL,
  changed_at timestamptz NOT NULL,
  PRIMARY KEY (plan, id)
);
