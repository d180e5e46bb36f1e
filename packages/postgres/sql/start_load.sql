-- Index: primary key.
SELECT
  s.plan, s.id, s.pattern, s.version, s.input_fingerprint, s.sent, s.started_at, s.ended_status, s.ended_data
FROM ensemble_start AS s
INNER JOIN unnest($1::text[], $2::text[]) AS w (plan, id) ON w.plan = s.plan AND w.id = s.id
ORDER BY s.plan ASC NULLS LAST, s.id ASC NULLS LAST
