-- One row: nothing issued before it is executed without a row of its own.
CREATE TABLE ensemble_horizon (
  only int4 NOT NULL PRIMARY KEY CHECK (only = 1),
  horizon timestamptz NOT NULL
);
