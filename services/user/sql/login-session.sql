-- Index: tb_login_un_username.
SELECT
  l.uuid,
  u.uuid AS uuid_user,
  l.username,
  l.password,
  l.id_roles,
  l.created_at,
  l.update_at,
  l.deleted_at,
  l.version,
  r.nm_roles,
  r.acl
FROM tb_login AS l
INNER JOIN tb_users AS u ON u.id_user = l.id_user
INNER JOIN tb_roles AS r ON r.id_roles = l.id_roles
WHERE l.username = $1::text AND l.deleted_at IS NULL AND u.deleted_at IS NULL
