-- Unique values and the key of the row that holds them.
CREATE TABLE ensemble_claim (
  value text NOT NULL PRIMARY KEY,
  owner text NOT NULL
);
