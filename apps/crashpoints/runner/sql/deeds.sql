SELECT d.provider, d.what, d.reference, count(*)::int4 AS deed_count
FROM world.deed AS d
WHERE d.reference LIKE '%/' || $1::text || '-%'
GROUP BY d.provider, d.what, d.reference
