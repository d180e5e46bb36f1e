-- When each saga was started, milliseconds, and with what it ended.
SELECT
  s.plan || '/' || s.id AS saga,
  s.pattern,
  s.ended_status AS status,
  (extract(epoch FROM s.started_at) * 1000)::float8 AS at,
  s.ended_data AS data
FROM ensemble_start AS s
