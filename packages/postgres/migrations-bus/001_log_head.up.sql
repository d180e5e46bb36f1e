-- One partition of one topic. Offsets count messages, as Kafka's do; start_offset is the first one that is kept.
CREATE TABLE log_head (
  topic text NOT NULL,
  partition int4 NOT NULL,
  start_offset int8 NOT NULL,
  next_offset int8 NOT NULL,
  PRIMARY KEY (topic, partition)
);
