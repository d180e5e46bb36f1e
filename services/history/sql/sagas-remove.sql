DELETE FROM tb_saga AS r
WHERE r.saga_key = ANY ($1::text[])
