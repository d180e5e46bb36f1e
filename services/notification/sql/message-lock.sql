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
WHERE n.id = $1::uuid
FOR UPDATE
