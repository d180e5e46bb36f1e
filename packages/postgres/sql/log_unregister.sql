DELETE FROM bus.log_cursor AS c
WHERE c.consumer_group = $1::text
