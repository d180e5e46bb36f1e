-- By the primary key.
INSERT INTO tb_token (kind, token_digest, grant_id, payload, expires_at)
VALUES ($1::text, $2::text, $3::text, $4::jsonb, $5::timestamptz)
ON CONFLICT (kind, token_digest) DO UPDATE
SET grant_id = excluded.grant_id, payload = excluded.payload, expires_at = excluded.expires_at
