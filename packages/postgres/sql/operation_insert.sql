INSERT INTO ensemble_operation (
  id, status, owner, key, attempt, origin, sent, wish, again, due_at, doubt, parked, version, changed_at
)
SELECT
  r.id, r.status, r.owner, r.key, r.attempt, r.origin, r.sent, r.wish, r.again, r.due_at, r.doubt, r.parked,
  1::int8, now()
FROM unnest(
  $1::text[], $2::text[], $3::text[], $4::text[], $5::int4[], $6::text[], $7::text[], $8::text[], $9::int4[],
  $10::timestamptz[], $11::bool[], $12::text[]
) AS r (id, status, owner, key, attempt, origin, sent, wish, again, due_at, doubt, parked)
