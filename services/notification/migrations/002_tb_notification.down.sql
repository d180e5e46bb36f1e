DROP TABLE tb_notification;
