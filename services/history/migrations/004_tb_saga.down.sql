DROP TABLE tb_saga;
