-- The first end stays. Index: primary key.
UPDATE ensemble_start AS s
SET ended_status = r.status, ended_data = r.data
FROM unnest($1::text[], $2::text[], $3::text[], $4::text[]) AS r (plan, id, status, data)
WHERE s.plan = r.plan AND s.id = r.id AND s.ended_status IS NULL
