DROP INDEX tb_client_ix_created;
