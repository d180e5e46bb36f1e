-- After a loss: to the nearest offset that the log has. Index: primary keys.
UPDATE bus.log_cursor AS c
SET next_offset = least(greatest(c.next_offset, h.start_offset), h.next_offset), advanced_at = now()
FROM bus.log_head AS h
WHERE
  h.topic = c.topic AND h.partition = c.partition AND c.consumer_group = $1::text
  AND (c.next_offset < h.start_offset OR c.next_offset > h.next_offset)
RETURNING c.topic, c.partition, c.next_offset
