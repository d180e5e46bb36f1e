CREATE UNIQUE INDEX tb_orders_un_number ON tb_orders (user_uuid, order_number)
WHERE id_order_status <> 545347536940072961;
