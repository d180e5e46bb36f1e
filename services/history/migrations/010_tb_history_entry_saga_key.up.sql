-- Of which saga an entry tells. Of those that are there already nobody remembers.
ALTER TABLE tb_history_entry ADD COLUMN saga_key text;
