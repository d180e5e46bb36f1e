-- What an entry is found by. Those that are there already are not found by words.
ALTER TABLE tb_history_entry ADD COLUMN words jsonb NOT NULL DEFAULT '[]'::jsonb;
