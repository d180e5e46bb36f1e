-- By tb_client_un_key.
UPDATE tb_client
SET client_secret = $2::text, scope = $3::text, update_at = $4::timestamptz, deleted_at = NULL
WHERE client_key = $1::text
