DROP INDEX tb_login_ix_created;
