-- By the primary key.
SELECT
  t.payload,
  t.consumed_at
FROM tb_token AS t
WHERE t.kind = $1::text AND t.token_digest = $2::text AND t.expires_at > $3::timestamptz
