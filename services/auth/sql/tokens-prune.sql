-- Index: tb_token_ix_expires.
DELETE FROM tb_token
WHERE (kind, token_digest) IN (
  SELECT t.kind, t.token_digest
  FROM tb_token AS t
  WHERE t.expires_at < $1::timestamptz
  ORDER BY t.expires_at ASC NULLS LAST
  LIMIT 1000
)
