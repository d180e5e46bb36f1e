-- What providers did, and what they were asked for; written outside of every transaction of the engine.
CREATE TABLE deed (
  provider text NOT NULL,
  what text NOT NULL,
  reference text NOT NULL
);
CREATE TABLE once (
  what text NOT NULL PRIMARY KEY
);
