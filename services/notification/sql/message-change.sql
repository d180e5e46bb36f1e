-- The row is locked: message-lock.sql.
UPDATE tb_notification AS n
SET
  status = $2::text,
  round = $3::int8,
  attempts = $4::jsonb,
  updated_at = $5::timestamptz
WHERE n.id = $1::uuid
