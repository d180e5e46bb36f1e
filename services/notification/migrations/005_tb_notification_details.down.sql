ALTER TABLE tb_notification DROP COLUMN details;
