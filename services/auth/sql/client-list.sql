-- Index: tb_client_ix_created.
SELECT
  c.id_client,
  c.uuid,
  c.client_name,
  c.client_key,
  c.scope,
  c.is_first_party,
  c.redirect_url,
  c.created_at,
  c.update_at
FROM tb_client AS c
WHERE c.deleted_at IS NULL
ORDER BY c.created_at DESC NULLS LAST, c.uuid DESC NULLS LAST
LIMIT $1::int8
OFFSET $2::int8
