-- Offsets in commit order: the heads stay locked until the commit, so the next writer's offsets become visible after
-- ours. Locked in order of topic and partition, so that two writers never wait for each other. `ahead` counts the
-- messages up to and including this entry among this call's entries of the same partition.
-- Answers the first offset of each partition. Raises 2201E (MOVED) when a head is missing. Index: primary keys.
WITH given AS (
  SELECT g.topic, g.partition, g.ahead, g.message_count, g.messages
  FROM unnest($1::text[], $2::int4[], $3::int4[], $4::int4[], $5::text[])
    AS g (topic, partition, ahead, message_count, messages)
),
total AS (
  SELECT g.topic, g.partition, max(g.ahead)::int8 AS message_count
  FROM given AS g
  GROUP BY g.topic, g.partition
),
locked AS (
  SELECT h.topic, h.partition, t.message_count
  FROM bus.log_head AS h
  INNER JOIN total AS t ON t.topic = h.topic AND t.partition = h.partition
  ORDER BY h.topic ASC NULLS LAST, h.partition ASC NULLS LAST
  FOR UPDATE OF h
),
moved AS (
  UPDATE bus.log_head AS h
  SET next_offset = h.next_offset + l.message_count
  FROM locked AS l
  WHERE h.topic = l.topic AND h.partition = l.partition
  RETURNING h.topic, h.partition, h.next_offset - l.message_count AS first_offset
),
appended AS (
  INSERT INTO bus.log_entry (topic, partition, end_offset, message_count, messages, appended_at)
  SELECT g.topic, g.partition, m.first_offset + g.ahead::int8, g.message_count, g.messages, now()
  FROM given AS g
  INNER JOIN moved AS m ON m.topic = g.topic AND m.partition = g.partition
  RETURNING end_offset
)
SELECT
  ln((CASE WHEN count(*) = $6::int8 THEN 1 ELSE 0 END)::numeric) AS moved,
  (SELECT array_agg(m.first_offset::text || ' ' || m.partition::text || ' ' || m.topic) FROM moved AS m) AS firsts
FROM appended
