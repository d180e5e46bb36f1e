-- Index: the primary key, tb_users_un_uuid.
SELECT u.uuid
FROM tb_users AS u
WHERE (u.id_user = $1::int8 OR u.uuid = $2::uuid) AND u.deleted_at IS NULL
