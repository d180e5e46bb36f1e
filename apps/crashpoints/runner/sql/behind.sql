-- The bus: groups that have not read everything.
SELECT
  'bus' AS service, 'cursor' AS place,
  c.consumer_group || ' on ' || c.topic || ' ' || c.partition::text || ' at ' || c.next_offset::text
  || ' of ' || h.next_offset::text AS what
FROM bus.log_cursor AS c
INNER JOIN bus.log_head AS h ON h.topic = c.topic AND h.partition = c.partition
WHERE h.next_offset <> c.next_offset
