DROP TABLE tb_orders;
