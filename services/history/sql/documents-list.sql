-- Index: tb_history_document_ix_created, tb_history_document_ix_newest, or tb_history_entry_ix_saga.
SELECT d.action, d.uuid
FROM tb_history_document AS d
WHERE
  ($1::text IS NULL OR d.action = $1::text)
  AND (
    $2::text IS NULL
    OR $2::text = (
      SELECT s.status
      FROM tb_history_entry AS s
      WHERE s.action = d.action AND s.uuid = d.uuid
      ORDER BY s.happened_at DESC NULLS LAST, s.place DESC NULLS LAST, s.event_id DESC NULLS LAST
      LIMIT 1
    )
  )
  AND ($3::timestamptz IS NULL OR d.created_at >= $3::timestamptz)
  AND ($4::timestamptz IS NULL OR d.created_at < $4::timestamptz)
  AND (
    $5::text IS NULL
    OR (d.action, d.uuid) IN (
      SELECT t.action, t.uuid
      FROM tb_history_entry AS t
      WHERE t.saga_key = $5::text
    )
  )
  AND NOT EXISTS (
    SELECT w.word
    FROM unnest($6::text[]) AS w (word)
    WHERE NOT EXISTS (
      SELECT n.event_id
      FROM tb_history_entry AS n
      WHERE
        n.action = d.action AND n.uuid = d.uuid
        AND (n.words ? w.word OR strpos(n.spoken, ' ' || w.word || ' ') > 0)
    )
  )
ORDER BY d.created_at DESC NULLS LAST, d.action DESC NULLS LAST, d.uuid DESC NULLS LAST
LIMIT $7::int8
OFFSET $8::int8
