INSERT INTO ensemble_scheduled (due_at, message_count, messages)
SELECT r.due_at, r.message_count, r.messages
FROM unnest($1::timestamptz[], $2::int4[], $3::text[]) AS r (due_at, message_count, messages)
