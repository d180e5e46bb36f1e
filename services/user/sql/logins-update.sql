-- Index: tb_login_un_uuid. Finds a row only at the version that was read; the caller counts.
UPDATE tb_login AS l
SET
  password = r.password,
  id_roles = r.id_roles,
  update_at = r.update_at,
  deleted_at = r.deleted_at,
  version = r.version + 1::int8
FROM jsonb_to_recordset($1::jsonb) AS r (
  uuid uuid,
  password text,
  id_roles int8,
  update_at timestamptz,
  deleted_at timestamptz,
  version int8
)
WHERE l.uuid = r.uuid AND l.version = r.version
RETURNING l.uuid
