-- Moves cursors that are still where they were read. Raises 2201E (MOVED) when fewer than $6 are. Index: primary key.
WITH done AS (
  UPDATE bus.log_cursor AS c
  SET next_offset = a.to_offset, advanced_at = now()
  FROM unnest($2::text[], $3::int4[], $4::int8[], $5::int8[]) AS a (topic, partition, from_offset, to_offset)
  WHERE
    c.consumer_group = $1::text AND c.topic = a.topic AND c.partition = a.partition AND c.next_offset = a.from_offset
  RETURNING c.topic
)
SELECT ln((CASE WHEN count(*) >= $6::int8 THEN 1 ELSE 0 END)::numeric) AS moved
FROM done
