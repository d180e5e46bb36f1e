ALTER TABLE tb_history_entry DROP COLUMN saga_key;
