-- One row: nothing issued before it is executed without a row of its own.
CREATE TABLE ensemble_horizon (
  singleton int4 NOT NULL PRIMARY KEY CHECK (singleton = 1),
  horizon timestamptz NOT NULL
);
