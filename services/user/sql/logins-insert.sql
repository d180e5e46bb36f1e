INSERT INTO tb_login (
  id,
  uuid,
  id_user,
  username,
  password,
  id_roles,
  created_at,
  update_at,
  deleted_at,
  version
)
SELECT
  r.id,
  r.uuid,
  r.id_user,
  r.username,
  r.password,
  r.id_roles,
  r.created_at,
  r.update_at,
  r.deleted_at,
  r.version + 1::int8
FROM jsonb_to_recordset($1::jsonb) AS r (
  id int8,
  uuid uuid,
  id_user int8,
  username text,
  password text,
  id_roles int8,
  created_at timestamptz,
  update_at timestamptz,
  deleted_at timestamptz,
  version int8
)
