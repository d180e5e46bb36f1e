-- Not checked: how many messages are on the bus more than once.
SELECT (count(*) - count(DISTINCT m.message ->> 'id'))::int4 AS row_count
FROM log_entry AS e
CROSS JOIN LATERAL jsonb_array_elements(e.messages::jsonb) AS m (message)
