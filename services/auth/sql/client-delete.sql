-- By tb_client_un_key.
UPDATE tb_client
SET deleted_at = $2::timestamptz, update_at = $2::timestamptz
WHERE client_key = $1::text AND deleted_at IS NULL
