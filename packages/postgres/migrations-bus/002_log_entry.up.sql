-- A packed batch: the messages with offsets from end_offset - message_count up to, not including, end_offset.
CREATE TABLE log_entry (
  topic text NOT NULL,
  partition int4 NOT NULL,
  end_offset int8 NOT NULL,
  message_count int4 NOT NULL,
  messages text NOT NULL,
  appended_at timestamptz NOT NULL,
  PRIMARY KEY (topic, partition, end_offset)
);
