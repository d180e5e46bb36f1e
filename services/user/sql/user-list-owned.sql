-- Index: tb_users_un_uuid.
SELECT
  u.id_user,
  u.uuid,
  u.first_name,
  u.last_name,
  u.handphone,
  u.address,
  u.site_profil,
  u.email,
  u.city,
  u.province,
  u.district,
  u.created_at,
  u.updated_at,
  u.deleted_at,
  u.version
FROM tb_users AS u
WHERE u.uuid = $1::uuid AND u.deleted_at IS NULL
ORDER BY u.created_at DESC NULLS LAST, u.uuid DESC NULLS LAST
LIMIT $2::int8
OFFSET $3::int8
