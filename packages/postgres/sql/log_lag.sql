-- Index: primary keys.
SELECT c.topic, c.partition, h.next_offset - c.next_offset AS message_count
FROM bus.log_cursor AS c
INNER JOIN bus.log_head AS h ON h.topic = c.topic AND h.partition = c.partition
WHERE c.consumer_group = $1::text
ORDER BY c.topic ASC NULLS LAST, c.partition ASC NULLS LAST
