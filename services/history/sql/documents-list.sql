-- Index: tb_history_document_ix_created.
SELECT d.uuid
FROM tb_history_document AS d
WHERE d.action = $1::text
ORDER BY d.created_at DESC NULLS LAST, d.uuid DESC NULLS LAST
LIMIT $2::int8
OFFSET $3::int8
