-- By the primary key.
INSERT INTO tb_revocation (name_digest, revoked_at, expires_at)
VALUES ($1::text, $2::timestamptz, $3::timestamptz)
ON CONFLICT (name_digest) DO UPDATE
SET revoked_at = excluded.revoked_at, expires_at = excluded.expires_at
