DROP TABLE tb_saga_decision;
