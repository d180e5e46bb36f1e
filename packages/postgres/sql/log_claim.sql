-- Locks cursors that are where their reader left them and that nobody else holds, for a batch that need not be fetched.
-- Raises 2201E (MOVED) when fewer than $5 are. Guard: log_advance.sql. Index: primary key.
WITH held AS (
  SELECT c.topic
  FROM bus.log_cursor AS c
  INNER JOIN unnest($2::text[], $3::int4[], $4::int8[]) AS a (topic, partition, next_offset)
    ON a.topic = c.topic AND a.partition = c.partition AND a.next_offset = c.next_offset
  WHERE c.consumer_group = $1::text
  FOR UPDATE OF c SKIP LOCKED
)
SELECT ln((CASE WHEN count(*) >= $5::int8 THEN 1 ELSE 0 END)::numeric) AS moved
FROM held
