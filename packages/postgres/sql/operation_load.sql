-- Rows by id and the deferred ones of these owners, locked in order of id. The aggregates are locked before, so no
-- row of theirs becomes deferred meanwhile. OFFSET 0 keeps the lookup by owner and key when the table's statistics are
-- still those of an empty one. Indexes: primary key; ensemble_operation_deferred.
WITH wanted AS (
  SELECT i.id
  FROM unnest($1::text[]) AS i (id)
  UNION
  SELECT d.id
  FROM unnest($2::text[], $3::text[]) AS a (owner, key)
  CROSS JOIN LATERAL (
    SELECT d.id
    FROM ensemble_operation AS d
    WHERE d.owner = a.owner AND d.key = a.key AND d.status = 'deferred'
    OFFSET 0
  ) AS d
)
SELECT
  o.id, o.status, o.owner, o.key, o.attempt, o.origin, o.sent, o.wish, o.again, o.due_at, o.doubt, o.parked,
  o.version
FROM ensemble_operation AS o
INNER JOIN wanted AS w ON w.id = o.id
ORDER BY o.id ASC NULLS LAST
FOR UPDATE OF o
