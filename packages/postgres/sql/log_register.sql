-- A new group starts at the earliest. The heads are locked, so that pruning cannot move their start meanwhile.
WITH heads AS (
  SELECT h.topic, h.partition, h.start_offset
  FROM bus.log_head AS h
  WHERE h.topic = ANY ($2::text[])
  ORDER BY h.topic ASC NULLS LAST, h.partition ASC NULLS LAST
  FOR UPDATE
)
INSERT INTO bus.log_cursor (consumer_group, topic, partition, next_offset, advanced_at)
SELECT $1::text, h.topic, h.partition, h.start_offset, now()
FROM heads AS h
ON CONFLICT (consumer_group, topic, partition) DO NOTHING
