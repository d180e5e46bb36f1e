-- Index: tb_revocation_ix_expires.
SELECT
  r.name_digest,
  r.revoked_at
FROM tb_revocation AS r
WHERE r.expires_at > $1::timestamptz
ORDER BY r.expires_at DESC NULLS LAST
LIMIT $2::int8
