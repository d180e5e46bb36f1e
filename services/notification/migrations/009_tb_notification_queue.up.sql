-- For messages-queued.sql.
CREATE INDEX tb_notification_ix_queue
ON tb_notification (updated_at ASC NULLS FIRST, id ASC NULLS FIRST)
WHERE status = 'QUEUE';
