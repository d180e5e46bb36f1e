-- The head is locked by the statement before, so every registered group is seen here. Where none is registered, what
-- was appended before $4 goes. Index: primary key; log_cursor_of.
WITH floor AS (
  SELECT min(c.next_offset) AS next_offset
  FROM bus.log_cursor AS c
  WHERE c.topic = $1::text AND c.partition = $2::int4
),
oldest AS (
  SELECT e.end_offset, e.appended_at
  FROM bus.log_entry AS e
  WHERE e.topic = $1::text AND e.partition = $2::int4 AND e.end_offset > $3::int8
  ORDER BY e.end_offset ASC NULLS LAST
  LIMIT $5::int8
),
cut AS (
  SELECT max(o.end_offset) AS end_offset
  FROM oldest AS o
  CROSS JOIN floor AS f
  WHERE o.end_offset <= f.next_offset OR (f.next_offset IS NULL AND o.appended_at < $4::timestamptz)
),
gone AS (
  DELETE FROM bus.log_entry AS e
  USING cut AS c
  WHERE e.topic = $1::text AND e.partition = $2::int4 AND e.end_offset > $3::int8 AND e.end_offset <= c.end_offset
  RETURNING e.end_offset
),
moved AS (
  UPDATE bus.log_head AS h
  SET start_offset = c.end_offset
  FROM cut AS c
  WHERE h.topic = $1::text AND h.partition = $2::int4 AND c.end_offset IS NOT NULL
  RETURNING h.start_offset
)
SELECT count(*) AS entry_count
FROM gone
