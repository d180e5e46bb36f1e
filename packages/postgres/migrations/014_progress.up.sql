-- How often the batch at a position was begun.
CREATE TABLE ensemble_progress (
  topic text NOT NULL,
  partition int4 NOT NULL,
  position text NOT NULL,
  tries int4 NOT NULL,
  PRIMARY KEY (topic, partition)
);
