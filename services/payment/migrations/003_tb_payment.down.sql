DROP TABLE tb_payment;
