-- Index: tb_login_ix_created.
SELECT
  l.uuid,
  u.uuid AS uuid_user,
  l.username,
  l.id_roles,
  l.created_at,
  l.update_at,
  l.deleted_at
FROM tb_login AS l
INNER JOIN tb_users AS u ON u.id_user = l.id_user
WHERE l.deleted_at IS NULL AND u.deleted_at IS NULL
ORDER BY l.created_at DESC NULLS LAST, l.uuid DESC NULLS LAST
LIMIT $1::int8
OFFSET $2::int8
