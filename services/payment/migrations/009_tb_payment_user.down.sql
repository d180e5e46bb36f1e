DROP INDEX tb_payment_ix_user;
