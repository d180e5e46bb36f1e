SELECT
  s.plan,
  s.id,
  s.pattern,
  s.started_at,
  s.updated_at,
  s.summary,
  s.version
FROM tb_saga AS s
WHERE s.saga_key = $1::text
