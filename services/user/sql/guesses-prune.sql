-- Index: tb_login_attempt_ix_failed.
DELETE FROM tb_login_attempt
WHERE username_digest IN (
  SELECT a.username_digest
  FROM tb_login_attempt AS a
  WHERE a.failed_at < $1::timestamptz
  ORDER BY a.failed_at ASC NULLS LAST
  LIMIT 1000
)
