-- Only what waits: a message is sent once.
UPDATE tb_notification AS n
SET
  receiver_address = r.receiver_address,
  subject = r.subject,
  body = r.body,
  details = r.details,
  status = r.status,
  attempts = r.attempts,
  updated_at = r.updated_at
FROM jsonb_to_recordset($1::jsonb) AS r (
  id uuid,
  receiver_address text,
  subject text,
  body text,
  details jsonb,
  status text,
  attempts jsonb,
  updated_at timestamptz
)
WHERE n.id = r.id AND n.status = 'WAITING'
