-- A caller's message; the same again changes nothing.
INSERT INTO tb_notification (
  id,
  channel,
  template,
  uuid_user,
  receiver_address,
  subject,
  body,
  details,
  status,
  round,
  attempts,
  fingerprint,
  created_at,
  updated_at
)
SELECT
  r.id,
  r.channel,
  r.template,
  r.uuid_user,
  r.receiver_address,
  r.subject,
  r.body,
  r.details,
  r.status,
  r.round,
  r.attempts,
  r.fingerprint,
  r.created_at,
  r.updated_at
FROM jsonb_to_recordset($1::jsonb) AS r (
  id uuid,
  channel text,
  template text,
  uuid_user uuid,
  receiver_address text,
  subject text,
  body text,
  details jsonb,
  status text,
  round int8,
  attempts jsonb,
  fingerprint text,
  created_at timestamptz,
  updated_at timestamptz
)
ON CONFLICT (id) DO NOTHING
