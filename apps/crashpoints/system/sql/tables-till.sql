CREATE TABLE bill (
  key text NOT NULL PRIMARY KEY,
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
