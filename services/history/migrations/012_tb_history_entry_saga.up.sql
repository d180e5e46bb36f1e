-- For documents-list.sql of one saga.
CREATE INDEX tb_history_entry_ix_saga ON tb_history_entry (saga_key);
