-- Index: primary key.
SELECT c.value, c.owner
FROM ensemble_claim AS c
WHERE c.value = ANY ($1::text[])
ORDER BY c.value ASC NULLS LAST
FOR UPDATE
