-- Raises 2201E (MOVED) unless every row is still at the version that was read. Index: primary key.
WITH done AS (
  UPDATE ensemble_operation AS o
  SET
    status = r.status, attempt = r.attempt, origin = r.origin, sent = r.sent, wish = r.wish, again = r.again,
    due_at = r.due_at, doubt = r.doubt, parked = r.parked, version = r.version + 1::int8, changed_at = now()
  FROM unnest(
    $1::text[], $2::text[], $3::int4[], $4::text[], $5::text[], $6::text[], $7::int4[], $8::timestamptz[], $9::bool[],
    $10::text[], $11::int8[]
  ) AS r (id, status, attempt, origin, sent, wish, again, due_at, doubt, parked, version)
  WHERE o.id = r.id AND o.version = r.version
  RETURNING o.id
)
SELECT ln((CASE WHEN count(*) = $12::int8 THEN 1 ELSE 0 END)::numeric) AS moved
FROM done
