INSERT INTO tb_order_type (id_order_type, order_type)
VALUES (545204885836038145, 'SKU')
ON CONFLICT (id_order_type) DO NOTHING;
