-- Raises 2201E (MOVED) unless every row is still at the version that was read. changed_at is indexed for saga_prune.sql
-- and counts for sagas that do not run: while one runs it stays, and with it the row within its page (HOT).
-- Index: primary key.
WITH done AS (
  UPDATE ensemble_saga AS s
  SET
    status = r.status, state = r.state, wish = r.wish, parked = r.parked, version = r.version + 1::int8,
    changed_at = CASE
      WHEN r.status IN ('early', 'completed', 'compensated') THEN now()
      ELSE s.changed_at
    END
  FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::int8[])
    AS r (plan, id, status, state, wish, parked, version)
  WHERE s.plan = r.plan AND s.id = r.id AND s.version = r.version
  RETURNING s.id
)
SELECT ln((CASE WHEN count(*) = $8::int8 THEN 1 ELSE 0 END)::numeric) AS moved
FROM done
