-- For log_prunable.sql and log_prune.sql.
CREATE INDEX log_cursor_of ON log_cursor (topic, partition);
