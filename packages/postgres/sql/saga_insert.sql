INSERT INTO ensemble_saga (plan, id, status, state, wish, parked, version, changed_at)
SELECT r.plan, r.id, r.status, r.state, r.wish, r.parked, 1::int8, now()
FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[])
  AS r (plan, id, status, state, wish, parked)
