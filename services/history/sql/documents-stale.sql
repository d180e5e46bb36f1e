-- Index: tb_history_document_ix_newest. Nothing was told of them since.
SELECT d.action, d.uuid
FROM tb_history_document AS d
WHERE
  d.created_at < $1::timestamptz
  AND NOT EXISTS (
    SELECT n.event_id
    FROM tb_history_entry AS n
    WHERE n.action = d.action AND n.uuid = d.uuid AND n.happened_at >= $1::timestamptz
  )
ORDER BY d.created_at ASC NULLS FIRST
LIMIT $2::int8
