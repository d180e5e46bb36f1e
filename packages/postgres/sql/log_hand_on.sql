-- A reader's last word: moves its cursors that are still where they were read, then appends its answers, as
-- log_append.sql does: heads are locked when the cursors are, in order of topic and partition.
-- Raises 2201E (MOVED) when fewer than $6 cursors are moved, or a head is missing. Index: primary keys.
WITH done AS (
  UPDATE bus.log_cursor AS c
  SET next_offset = a.to_offset, advanced_at = now()
  FROM unnest($2::text[], $3::int4[], $4::int8[], $5::int8[]) AS a (topic, partition, from_offset, to_offset)
  WHERE
    c.consumer_group = $1::text AND c.topic = a.topic AND c.partition = a.partition AND c.next_offset = a.from_offset
  RETURNING c.topic
),
given AS (
  SELECT g.topic, g.partition, g.ahead, g.message_count, g.messages
  FROM unnest($7::text[], $8::int4[], $9::int4[], $10::int4[], $11::text[])
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
  WHERE (SELECT count(*) FROM done) >= $6::int8
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
  ln((CASE WHEN count(*) = $12::int8 THEN 1 ELSE 0 END)::numeric) AS moved,
  (SELECT array_agg(m.first_offset::text || ' ' || m.partition::text || ' ' || m.topic) FROM moved AS m) AS firsts
FROM appended
