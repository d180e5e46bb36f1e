-- One number per user while the order has not failed. The claim decides; this index is the second line.
CREATE UNIQUE INDEX tb_orders_un_number_kept ON tb_orders (user_uuid, order_number) WHERE NOT is_failed;
