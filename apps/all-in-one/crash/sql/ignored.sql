-- Not checked: how many messages came again and were seen to have been.
SELECT count(*)::int4 AS row_count
FROM tb_saga_note AS n
WHERE n.type = 'ignored'
