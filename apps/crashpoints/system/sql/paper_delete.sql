-- Index: primary key.
DELETE FROM paper AS p
WHERE p.key = $1::text
