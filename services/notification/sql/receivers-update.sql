-- Finds a row only at the version that was read; the caller counts.
UPDATE tb_receiver AS t
SET
  first_name = r.first_name,
  email = r.email,
  handphone = r.handphone,
  known_at = r.known_at,
  waiting = r.waiting,
  version = r.version + 1::int8
FROM jsonb_to_recordset($1::jsonb) AS r (
  uuid_user uuid,
  first_name text,
  email text,
  handphone text,
  known_at timestamptz,
  waiting jsonb,
  version int8
)
WHERE t.uuid_user = r.uuid_user AND t.version = r.version
RETURNING t.uuid_user
