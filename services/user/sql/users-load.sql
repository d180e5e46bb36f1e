-- Index: tb_users_un_uuid.
SELECT
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
WHERE u.uuid = ANY ($1::uuid[])
ORDER BY u.uuid ASC NULLS FIRST
FOR UPDATE
