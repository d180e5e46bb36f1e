DROP INDEX log_cursor_of;
