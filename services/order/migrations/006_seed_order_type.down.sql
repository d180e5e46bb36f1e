DELETE FROM tb_order_type WHERE id_order_type IN (545204885836038145);
