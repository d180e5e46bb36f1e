-- Sagas of one set that their starter does not know as ended, and as many as have not been started yet.
SELECT ($2::int8 - count(*))::int4 AS running_count
FROM desk.ensemble_start AS t
WHERE t.id LIKE $1::text || '-%' AND t.ended_status IS NOT NULL
