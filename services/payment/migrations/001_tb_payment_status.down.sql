DROP TABLE tb_payment_status;
