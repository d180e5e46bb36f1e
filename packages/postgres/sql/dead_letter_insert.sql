-- A message that comes again stays one letter.
INSERT INTO ensemble_dead_letter (id, topic, reason, detail, message, dead_at)
SELECT r.id, r.topic, r.reason, r.detail, r.message, now()
FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[]) AS r (id, topic, reason, detail, message)
ON CONFLICT (id) DO NOTHING
