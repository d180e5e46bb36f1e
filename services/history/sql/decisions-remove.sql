DELETE FROM tb_saga_decision AS r
WHERE r.saga_key = ANY ($1::text[])
