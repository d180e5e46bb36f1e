-- Index: tb_notification_ix_address.
SELECT
  n.id,
  n.channel,
  n.template,
  n.uuid_user,
  n.receiver_address,
  n.subject,
  n.body,
  n.details,
  n.status,
  n.round,
  n.attempts,
  n.fingerprint,
  n.created_at,
  n.updated_at
FROM tb_notification AS n
WHERE n.receiver_address = $1::text
ORDER BY n.created_at DESC NULLS LAST, n.id DESC NULLS LAST
LIMIT $2::int8
OFFSET $3::int8
