-- Index: tb_users_un_uuid. Finds a row only at the version that was read; the caller counts.
UPDATE tb_users AS u
SET
  first_name = r.first_name,
  last_name = r.last_name,
  handphone = r.handphone,
  address = r.address,
  email = r.email,
  city = r.city,
  province = r.province,
  district = r.district,
  updated_at = r.updated_at,
  deleted_at = r.deleted_at,
  version = r.version + 1::int8
FROM jsonb_to_recordset($1::jsonb) AS r (
  uuid uuid,
  first_name text,
  last_name text,
  handphone text,
  address text,
  email text,
  city text,
  province text,
  district text,
  updated_at timestamptz,
  deleted_at timestamptz,
  version int8
)
WHERE u.uuid = r.uuid AND u.version = r.version
RETURNING u.uuid
