SELECT coalesce(sum(h.next_offset - h.start_offset), 0)::int8 AS message_count
FROM bus.log_head AS h
