-- Index: tb_login_un_uuid.
SELECT
  l.uuid,
  u.uuid AS uuid_user,
  l.username,
  l.password,
  l.id_roles,
  l.created_at,
  l.update_at,
  l.deleted_at,
  l.version
FROM tb_login AS l
INNER JOIN tb_users AS u ON u.id_user = l.id_user
WHERE l.uuid = ANY ($1::uuid[])
ORDER BY l.uuid ASC NULLS FIRST
FOR UPDATE OF l
