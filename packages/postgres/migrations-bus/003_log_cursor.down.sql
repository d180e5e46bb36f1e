DROP TABLE log_cursor;
