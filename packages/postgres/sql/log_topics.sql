-- Index: primary key.
SELECT h.topic, count(*) AS partition_count
FROM bus.log_head AS h
WHERE h.topic = ANY ($1::text[])
GROUP BY h.topic
