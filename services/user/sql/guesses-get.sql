-- By the primary key.
SELECT
  a.failures,
  a.failed_at
FROM tb_login_attempt AS a
WHERE a.username_digest = $1::text
