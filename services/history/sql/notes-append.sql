INSERT INTO tb_saga_note (id, saga_key, noted_at, source, type, operation, attempt, detail)
SELECT r.id, r.saga_key, r.noted_at, r.source, r.type, r.operation, r.attempt, r.detail
FROM jsonb_to_recordset($1::jsonb) AS r (
  id text,
  saga_key text,
  noted_at timestamptz,
  source text,
  type text,
  operation text,
  attempt int4,
  detail text
)
ON CONFLICT (id) DO NOTHING
