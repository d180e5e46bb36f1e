-- CockroachDB drops a unique index with CASCADE only.
DROP INDEX tb_orders_un_number_kept CASCADE;
