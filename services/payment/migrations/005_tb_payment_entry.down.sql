DROP TABLE tb_payment_entry;
