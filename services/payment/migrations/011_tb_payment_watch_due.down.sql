DROP INDEX tb_payment_watch_ix_check;
