ALTER TABLE tb_orders DROP COLUMN is_failed;
