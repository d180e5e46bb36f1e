-- Index: tb_revocation_ix_expires.
DELETE FROM tb_revocation
WHERE name_digest IN (
  SELECT r.name_digest
  FROM tb_revocation AS r
  WHERE r.expires_at < $1::timestamptz
  ORDER BY r.expires_at ASC NULLS LAST
  LIMIT 1000
)
