-- Index: primary key.
SELECT b.key, b.state, b.version
FROM bill AS b
WHERE b.key = ANY ($1::text[])
ORDER BY b.key ASC
FOR UPDATE
