INSERT INTO tb_client (
  id_client,
  uuid,
  client_name,
  client_key,
  client_secret,
  scope,
  is_first_party,
  redirect_url,
  created_at,
  update_at
)
VALUES (
  $1::int8,
  $2::uuid,
  $3::text,
  $4::text,
  $5::text,
  $6::text,
  $7::bool,
  $8::text,
  $9::timestamptz,
  $9::timestamptz
)
ON CONFLICT (client_name) DO NOTHING
