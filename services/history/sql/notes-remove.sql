DELETE FROM tb_saga_note AS r
WHERE r.saga_key = ANY ($1::text[])
