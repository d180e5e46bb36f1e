SELECT u.uuid::text AS uuid, lower(u.email) AS email
FROM tb_users AS u
WHERE u.deleted_at IS NULL
