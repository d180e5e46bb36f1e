-- One more, or the first after a long time. By the primary key.
INSERT INTO tb_login_attempt (username_digest, failures, failed_at)
VALUES ($1::text, 1::int8, $2::timestamptz)
ON CONFLICT (username_digest) DO UPDATE
SET
  failures = CASE
    WHEN tb_login_attempt.failed_at < $3::timestamptz THEN 1::int8
    ELSE tb_login_attempt.failures + 1::int8
  END,
  failed_at = excluded.failed_at
