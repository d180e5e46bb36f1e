-- Finds a row only at the version that was read; the caller counts.
UPDATE tb_saga AS s
SET
  status = r.status,
  standing = r.standing,
  waits_for = r.waits_for,
  started_at = r.started_at,
  updated_at = r.updated_at,
  summary = r.summary,
  version = r.version + 1::int8
FROM jsonb_to_recordset($1::jsonb) AS r (
  saga_key text,
  status text,
  standing text,
  waits_for text,
  started_at timestamptz,
  updated_at timestamptz,
  summary jsonb,
  version int8
)
WHERE s.saga_key = r.saga_key AND s.version = r.version
RETURNING s.saga_key
