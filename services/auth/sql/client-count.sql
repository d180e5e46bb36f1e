SELECT count(c.uuid) AS total
FROM tb_client AS c
WHERE c.deleted_at IS NULL
