-- A topic that is there keeps its partitions: a topic's rows are inserted together, so one of them tells.
INSERT INTO bus.log_head (topic, partition, start_offset, next_offset)
SELECT t.topic, t.partition, 0::int8, 0::int8
FROM unnest($1::text[], $2::int4[]) AS t (topic, partition)
WHERE NOT EXISTS (SELECT h.topic FROM bus.log_head AS h WHERE h.topic = t.topic)
ORDER BY t.topic ASC NULLS LAST, t.partition ASC NULLS LAST
ON CONFLICT (topic, partition) DO NOTHING
