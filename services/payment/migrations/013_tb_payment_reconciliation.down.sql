DROP TABLE tb_payment_reconciliation;
