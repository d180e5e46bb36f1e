DROP TABLE tb_payment_model;
