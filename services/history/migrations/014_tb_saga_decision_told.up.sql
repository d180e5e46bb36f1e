-- storage: an older program shows decisions that were recorded since without what was decided.
-- What a batch has told of a saga from this decision on, as a text: the server need not take it apart. Rows that are
-- there already are one decision each.
ALTER TABLE tb_saga_decision ADD COLUMN told text;
