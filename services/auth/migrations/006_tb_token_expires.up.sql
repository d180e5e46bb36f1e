-- For tokens-prune.sql.
CREATE INDEX tb_token_ix_expires ON tb_token (expires_at);
