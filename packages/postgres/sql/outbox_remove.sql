-- Index: primary key.
DELETE FROM ensemble_outbox AS o
WHERE o.id = ANY ($1::text[])
