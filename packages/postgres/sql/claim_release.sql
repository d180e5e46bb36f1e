-- Index: primary key.
DELETE FROM ensemble_claim AS c
WHERE c.value = ANY ($1::text[])
