DROP INDEX tb_saga_ix_standing;
