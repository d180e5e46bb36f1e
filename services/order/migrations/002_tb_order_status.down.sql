DROP TABLE tb_order_status;
