SELECT
  s.plan,
  s.id,
  s.pattern,
  s.started_at,
  s.updated_at,
  s.summary,
  s.version
FROM tb_saga AS s
WHERE s.saga_key = ANY ($1::text[])
ORDER BY s.saga_key ASC NULLS FIRST
FOR UPDATE
