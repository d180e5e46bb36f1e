-- Index: tb_token_ix_grant.
DELETE FROM tb_token
WHERE grant_id = $1::text
