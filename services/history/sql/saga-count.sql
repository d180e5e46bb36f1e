SELECT count(s.saga_key) AS total
FROM tb_saga AS s
WHERE ($1::text IS NULL OR s.plan = $1::text) AND ($2::text IS NULL OR s.standing = $2::text)
