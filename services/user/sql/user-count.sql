SELECT count(u.uuid) AS total
FROM tb_users AS u
WHERE u.deleted_at IS NULL
