-- Index: tb_notification_ix_queue.
SELECT
  n.id,
  n.round
FROM tb_notification AS n
WHERE n.status = 'QUEUE'
ORDER BY n.updated_at ASC NULLS FIRST, n.id ASC NULLS FIRST
LIMIT $1::int8
