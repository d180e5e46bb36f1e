-- The first end stays. Index: primary key.
WITH ended AS (
  SELECT s.plan, s.id, r.status, r.data
  FROM ensemble_start AS s
  INNER JOIN unnest($1::text[], $2::text[], $3::text[], $4::text[]) AS r (plan, id, status, data)
    ON r.plan = s.plan AND r.id = s.id
  WHERE s.ended_status IS NULL
  ORDER BY s.plan ASC NULLS LAST, s.id ASC NULLS LAST
  FOR UPDATE OF s
)
UPDATE ensemble_start AS s
SET ended_status = e.status, ended_data = e.data
FROM ended AS e
WHERE s.plan = e.plan AND s.id = e.id AND s.ended_status IS NULL
