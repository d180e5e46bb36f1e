DROP INDEX tb_orders_un_number;
