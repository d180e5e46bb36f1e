-- Two texts of one number are two heads of one saga.
CREATE TABLE decision (
  saga text NOT NULL,
  seq int4 NOT NULL,
  entries text NOT NULL,
  PRIMARY KEY (saga, seq, entries)
);
