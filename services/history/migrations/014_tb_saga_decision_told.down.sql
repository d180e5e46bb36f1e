ALTER TABLE tb_saga_decision DROP COLUMN told;
