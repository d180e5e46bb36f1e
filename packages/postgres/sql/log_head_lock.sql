-- Index: primary key.
SELECT h.start_offset
FROM bus.log_head AS h
WHERE h.topic = $1::text AND h.partition = $2::int4
FOR UPDATE
