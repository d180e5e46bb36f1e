-- Index: primary key.
SELECT i.key, i.token, i.state, i.version
FROM item AS i
WHERE i.key = ANY ($1::text[])
ORDER BY i.key ASC
FOR UPDATE
