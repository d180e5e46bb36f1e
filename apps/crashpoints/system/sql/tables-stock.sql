CREATE TABLE item (
  key text NOT NULL PRIMARY KEY,
  token text NOT NULL,
  state text NOT NULL,
  version int8 NOT NULL
);
-- One row for every effect of an operation, with no key: what is done twice is here twice.
CREATE TABLE entry (
  operation text NOT NULL,
  key text NOT NULL,
  step text NOT NULL,
  amount int4 NOT NULL,
  token text NOT NULL
);
CREATE TABLE paper (
  key text NOT NULL PRIMARY KEY,
  token text NOT NULL
);
CREATE TABLE signature (
  key text NOT NULL PRIMARY KEY,
  operation text NOT NULL,
  state text NOT NULL
);
