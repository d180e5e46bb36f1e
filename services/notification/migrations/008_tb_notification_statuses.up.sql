ALTER TABLE tb_notification
ADD CONSTRAINT tb_notification_ck_statuses CHECK (
  status IN ('WAITING', 'QUEUE', 'SENDING', 'SENT', 'DELIVERED', 'UNDELIVERABLE', 'UNKNOWN')
);
