-- storage: an older program shows entries that were recorded since without their data.
-- What an entry says, as a text: the server need not take it apart. Those that are there already have it in `data`.
ALTER TABLE tb_history_entry ADD COLUMN told text;
