-- The bus: groups that have not read everything.
SELECT
  c.consumer_group || ' on ' || c.topic || ' ' || c.partition::text AS who,
  (h.next_offset - c.next_offset)::int4 AS message_count
FROM log_cursor AS c
INNER JOIN log_head AS h ON h.topic = c.topic AND h.partition = c.partition
WHERE h.next_offset <> c.next_offset
