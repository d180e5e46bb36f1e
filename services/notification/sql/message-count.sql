SELECT count(n.id) AS total
FROM tb_notification AS n
