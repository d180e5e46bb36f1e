DROP TABLE tb_payment_watch;
