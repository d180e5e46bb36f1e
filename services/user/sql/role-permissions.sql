-- By the primary key.
SELECT r.acl
FROM tb_roles AS r
WHERE r.id_roles = $1::int8
