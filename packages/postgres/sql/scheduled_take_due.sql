-- Packs until the bound is reached: a pack is never split, so the last one may go past it. Of those, as many as have $2
-- bytes together, one at least. Index: primary key.
WITH first AS (
  SELECT f.due_at, f.id, f.message_count, octet_length(f.messages)::int8 AS length
  FROM ensemble_scheduled AS f
  WHERE f.due_at <= now()
  ORDER BY f.due_at ASC NULLS LAST, f.id ASC NULLS LAST
  LIMIT $1::int8
),
counted AS (
  SELECT
    f.due_at, f.id, f.length,
    sum(f.length) OVER (ORDER BY f.due_at ASC NULLS LAST, f.id ASC NULLS LAST) AS length_until,
    sum(f.message_count) OVER (ORDER BY f.due_at ASC NULLS LAST, f.id ASC NULLS LAST) - f.message_count AS ahead
  FROM first AS f
),
taken AS (
  SELECT s.due_at, s.id
  FROM ensemble_scheduled AS s
  INNER JOIN counted AS c ON c.due_at = s.due_at AND c.id = s.id
  WHERE c.ahead < $1::int8 AND (c.length_until <= $2::int8 OR c.length_until = c.length)
  FOR UPDATE OF s SKIP LOCKED
)
DELETE FROM ensemble_scheduled AS d
USING taken AS t
WHERE d.due_at = t.due_at AND d.id = t.id
RETURNING d.due_at, d.messages
