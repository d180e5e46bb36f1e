DROP INDEX tb_saga_ix_started;
