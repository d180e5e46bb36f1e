-- Index: tb_receiver_pkey.
SELECT
  r.uuid_user,
  r.first_name,
  r.email,
  r.handphone,
  r.known_at,
  r.waiting,
  r.version
FROM tb_receiver AS r
WHERE r.uuid_user = ANY ($1::uuid[])
ORDER BY r.uuid_user ASC NULLS FIRST
FOR UPDATE
