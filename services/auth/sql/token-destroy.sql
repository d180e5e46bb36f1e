-- By the primary key.
DELETE FROM tb_token
WHERE kind = $1::text AND token_digest = $2::text
