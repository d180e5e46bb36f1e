INSERT INTO tb_receiver (uuid_user, first_name, email, handphone, known_at, waiting, version)
SELECT
  r.uuid_user,
  r.first_name,
  r.email,
  r.handphone,
  r.known_at,
  r.waiting,
  r.version + 1::int8
FROM jsonb_to_recordset($1::jsonb) AS r (
  uuid_user uuid,
  first_name text,
  email text,
  handphone text,
  known_at timestamptz,
  waiting jsonb,
  version int8
)
