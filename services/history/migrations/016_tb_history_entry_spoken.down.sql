ALTER TABLE tb_history_entry DROP COLUMN spoken;
