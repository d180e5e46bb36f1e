INSERT INTO ensemble_claim (value, owner)
SELECT r.value, r.owner
FROM unnest($1::text[], $2::text[]) AS r (value, owner)
