-- For message-history.sql.
CREATE INDEX tb_notification_ix_address
ON tb_notification (receiver_address, created_at DESC NULLS LAST, id DESC NULLS LAST);
