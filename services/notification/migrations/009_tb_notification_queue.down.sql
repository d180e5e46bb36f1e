DROP INDEX tb_notification_ix_queue;
