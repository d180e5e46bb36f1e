DROP TABLE tb_audit;
