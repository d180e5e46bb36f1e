-- For message-list.sql.
CREATE INDEX tb_notification_ix_created ON tb_notification (created_at DESC NULLS LAST, id DESC NULLS LAST);
