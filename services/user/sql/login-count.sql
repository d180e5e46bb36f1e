SELECT count(l.uuid) AS total
FROM tb_login AS l
INNER JOIN tb_users AS u ON u.id_user = l.id_user
WHERE l.deleted_at IS NULL AND u.deleted_at IS NULL
