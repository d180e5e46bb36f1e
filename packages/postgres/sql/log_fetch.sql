-- Takes the group's cursors that have news and that nobody else holds, those first that waited longest, and fetches the
-- entries after them. $4 messages are shared out: an equal part each, and what the quiet partitions leave goes to the
-- busy ones. Of that, as many whole entries as have $5 bytes together, one at least; what is cut off is not read, only
-- its length. `<>` also finds a cursor past the end (a log restored from an older copy). An entry row is null where
-- the log has lost what the cursor points at. Guard: log_advance.sql. Index:
-- primary keys; the entries are one range scan for each partition.
WITH taken AS (
  SELECT
    c.topic, c.partition, c.next_offset, c.advanced_at, h.start_offset, h.next_offset - c.next_offset AS news
  FROM bus.log_cursor AS c
  INNER JOIN bus.log_head AS h ON h.topic = c.topic AND h.partition = c.partition
  WHERE c.consumer_group = $1::text AND c.topic = ANY ($2::text[]) AND h.next_offset <> c.next_offset
  ORDER BY c.advanced_at ASC NULLS LAST
  LIMIT $3::int8
  FOR UPDATE OF c SKIP LOCKED
),
even AS (
  SELECT
    t.topic, t.partition, t.next_offset, t.advanced_at, t.start_offset, t.news,
    greatest(1, floor($4::float8 / (count(*) OVER ())::float8))::int8 AS part
  FROM taken AS t
),
shared AS (
  SELECT
    e.topic, e.partition, e.next_offset, e.advanced_at, e.start_offset, e.news, e.part,
    sum(greatest(0, e.part - e.news)) OVER () AS spare,
    sum(CASE WHEN e.news > e.part THEN 1 ELSE 0 END) OVER () AS busy
  FROM even AS e
),
quota AS (
  SELECT
    s.topic, s.partition, s.next_offset, s.advanced_at, s.start_offset, s.news,
    CASE WHEN s.news > s.part THEN s.part + floor(s.spare::float8 / s.busy::float8)::int8 ELSE s.part END
      AS message_count
  FROM shared AS s
),
found AS (
  SELECT
    q.topic, q.partition, q.next_offset, q.start_offset, q.message_count AS quota,
    q.news > q.message_count AS has_rest,
    e.end_offset, e.message_count, e.messages, octet_length(e.messages)::int8 AS length,
    sum(octet_length(e.messages)::int8) OVER (
      ORDER BY
        q.advanced_at ASC NULLS LAST, q.topic ASC NULLS LAST, q.partition ASC NULLS LAST, e.end_offset ASC NULLS LAST
    ) AS length_until,
    sum(octet_length(e.messages)::int8) OVER () AS length_of_all
  FROM quota AS q
  LEFT JOIN LATERAL (
    SELECT l.end_offset
    FROM bus.log_entry AS l
    WHERE l.topic = q.topic AND l.partition = q.partition AND l.end_offset >= q.next_offset + q.message_count
    ORDER BY l.end_offset ASC NULLS LAST
    LIMIT 1
  ) AS last ON true
  LEFT JOIN LATERAL (
    SELECT n.end_offset, n.message_count, n.messages
    FROM bus.log_entry AS n
    WHERE
      n.topic = q.topic AND n.partition = q.partition AND n.end_offset > q.next_offset
      AND n.end_offset <= coalesce(last.end_offset, 9223372036854775807::int8)
    ORDER BY n.end_offset ASC NULLS LAST
    LIMIT $4::int8
  ) AS e ON true
)
SELECT
  f.topic, f.partition, f.next_offset, f.start_offset, f.quota, f.has_rest, f.end_offset, f.message_count,
  f.messages, f.length_of_all > $5::int8 AS is_cut
FROM found AS f
WHERE f.end_offset IS NULL OR f.length_until <= $5::int8 OR f.length_until = f.length
ORDER BY f.topic ASC NULLS LAST, f.partition ASC NULLS LAST, f.end_offset ASC NULLS LAST
