-- Index: tb_client_un_key.
SELECT
  c.id_client,
  c.uuid,
  c.client_name,
  c.client_key,
  c.client_secret,
  c.scope,
  c.is_first_party,
  c.redirect_url,
  c.created_at,
  c.update_at
FROM tb_client AS c
WHERE c.client_key = $1::text AND c.deleted_at IS NULL
