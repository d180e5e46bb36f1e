-- Partitions with messages that every registered group has read, or that nobody reads. Index: log_cursor_of.
SELECT h.topic, h.partition
FROM bus.log_head AS h
WHERE
  h.next_offset > h.start_offset
  AND NOT EXISTS (
    SELECT c.topic
    FROM bus.log_cursor AS c
    WHERE c.topic = h.topic AND c.partition = h.partition AND c.next_offset <= h.start_offset
  )
ORDER BY h.topic ASC NULLS LAST, h.partition ASC NULLS LAST
