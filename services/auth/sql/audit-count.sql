SELECT count(a.uuid) AS total
FROM tb_audit AS a
