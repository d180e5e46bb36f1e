-- Of a browser's session, which belongs to its own name. Index: tb_token_ix_grant.
SELECT t.payload
FROM tb_token AS t
WHERE t.kind = $1::text AND t.grant_id = $2::text AND t.expires_at > $3::timestamptz
