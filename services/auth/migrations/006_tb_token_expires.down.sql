DROP INDEX tb_token_ix_expires;
