DROP INDEX tb_orders_ix_user;
