-- storage: an older program does not find entries by words that were recorded since.
-- The words that an entry is found by, each between two spaces. Those that are there already have theirs in `words`.
ALTER TABLE tb_history_entry ADD COLUMN spoken text;
