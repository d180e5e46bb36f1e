INSERT INTO tb_saga (
  saga_key,
  plan,
  id,
  pattern,
  status,
  standing,
  waits_for,
  started_at,
  updated_at,
  summary,
  version
)
SELECT
  r.saga_key,
  r.plan,
  r.id,
  r.pattern,
  r.status,
  r.standing,
  r.waits_for,
  r.started_at,
  r.updated_at,
  r.summary,
  r.version + 1::int8
FROM jsonb_to_recordset($1::jsonb) AS r (
  saga_key text,
  plan text,
  id text,
  pattern text,
  status text,
  standing text,
  waits_for text,
  started_at timestamptz,
  updated_at timestamptz,
  summary jsonb,
  version int8
)
