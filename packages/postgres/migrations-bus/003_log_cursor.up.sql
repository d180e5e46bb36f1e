-- How far a group has read a partition.
CREATE TABLE log_cursor (
  consumer_group text NOT NULL,
  topic text NOT NULL,
  partition int4 NOT NULL,
  next_offset int8 NOT NULL,
  advanced_at timestamptz NOT NULL,
  PRIMARY KEY (consumer_group, topic, partition)
);
