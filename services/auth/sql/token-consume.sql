-- Of two who use it at once one does. By the primary key.
UPDATE tb_token
SET consumed_at = $3::timestamptz
WHERE kind = $1::text AND token_digest = $2::text AND consumed_at IS NULL
