-- Index: tb_users_un_uuid.
SELECT count(u.uuid) AS total
FROM tb_users AS u
WHERE u.uuid = $1::uuid AND u.deleted_at IS NULL
