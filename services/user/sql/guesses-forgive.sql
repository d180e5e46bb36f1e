-- By the primary key.
DELETE FROM tb_login_attempt
WHERE username_digest = $1::text
