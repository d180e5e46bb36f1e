DROP TABLE tb_payment_credit;
