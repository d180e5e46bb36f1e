-- By the primary key.
DELETE FROM tb_signing_key
WHERE generation = $1::int8
