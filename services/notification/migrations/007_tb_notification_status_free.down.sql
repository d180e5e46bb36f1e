ALTER TABLE tb_notification
ADD CONSTRAINT tb_notification_ck_status CHECK (status IN ('WAITING', 'SENT', 'UNDELIVERABLE'));
