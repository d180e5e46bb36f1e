-- Newest first. Index: ensemble_dead_letter_newest.
SELECT d.id, d.topic, d.reason, d.detail, d.message, d.dead_at
FROM ensemble_dead_letter AS d
ORDER BY d.dead_at DESC NULLS FIRST, d.id DESC NULLS FIRST
LIMIT $1::int8
