-- Index: tb_notification_ix_created.
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
ORDER BY n.created_at DESC NULLS LAST, n.id DESC NULLS LAST
LIMIT $1::int8
OFFSET $2::int8
