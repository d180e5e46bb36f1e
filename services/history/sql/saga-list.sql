-- Index: tb_saga_ix_started, or tb_saga_ix_standing.
SELECT
  s.plan,
  s.id,
  s.pattern,
  s.started_at,
  s.updated_at,
  s.summary,
  s.version
FROM tb_saga AS s
WHERE ($1::text IS NULL OR s.plan = $1::text) AND ($2::text IS NULL OR s.standing = $2::text)
ORDER BY s.started_at DESC NULLS LAST, s.saga_key DESC NULLS LAST
LIMIT $3::int8
OFFSET $4::int8
