DROP TABLE tb_order_type;
