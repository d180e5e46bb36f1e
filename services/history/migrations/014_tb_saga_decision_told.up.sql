-- The entries as a text: the server need not take it apart. Those that are there already have theirs beside it.
ALTER TABLE tb_saga_decision ADD COLUMN told text;
