-- For tokens-revoke.sql.
CREATE INDEX tb_token_ix_grant ON tb_token (grant_id);
