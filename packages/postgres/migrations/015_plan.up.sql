-- The plan versions that were ever run here.
CREATE TABLE ensemble_plan (
  name text NOT NULL,
  version int4 NOT NULL,
  fingerprint text NOT NULL,
  PRIMARY KEY (name, version)
);
