INSERT INTO ensemble_start (plan, id, pattern, version, input_fingerprint, sent, started_at, ended_status, ended_data)
SELECT r.plan, r.id, r.pattern, r.version, r.input_fingerprint, r.sent, r.started_at, r.ended_status, r.ended_data
FROM unnest(
  $1::text[], $2::text[], $3::text[], $4::int4[], $5::text[], $6::text[], $7::timestamptz[], $8::text[], $9::text[]
) AS r (plan, id, pattern, version, input_fingerprint, sent, started_at, ended_status, ended_data)
