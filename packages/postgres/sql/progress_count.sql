INSERT INTO ensemble_progress AS p (topic, partition, position, tries)
VALUES ($1::text, $2::int4, $3::text, 1::int4)
ON CONFLICT (topic, partition) DO UPDATE
SET
  tries = CASE WHEN p.position = excluded.position THEN p.tries + 1::int4 ELSE 1::int4 END,
  position = excluded.position
RETURNING p.tries
