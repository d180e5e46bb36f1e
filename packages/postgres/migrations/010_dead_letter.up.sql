-- Messages that nobody could process.
CREATE TABLE ensemble_dead_letter (
  id text NOT NULL PRIMARY KEY,
  topic text NOT NULL,
  reason text NOT NULL,
  detail text NOT NULL,
  message text NOT NULL,
  dead_at timestamptz NOT NULL
);
