DROP INDEX tb_users_ix_created;
