SELECT count(p.uuid) AS total
FROM tb_payment AS p
WHERE p.deleted_at IS NULL
