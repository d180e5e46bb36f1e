INSERT INTO tb_audit (uuid, happened_at, kind, client_key, uuid_user, about)
VALUES ($1::uuid, $2::timestamptz, $3::text, $4::text, $5::uuid, $6::text)
