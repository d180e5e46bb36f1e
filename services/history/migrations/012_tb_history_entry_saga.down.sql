DROP INDEX tb_history_entry_ix_saga;
