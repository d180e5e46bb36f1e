-- storage: an older program reads messages that are queued or under way as undeliverable.
ALTER TABLE tb_notification DROP CONSTRAINT tb_notification_ck_status;
