SELECT e.operation, e.key, e.step, e.amount, e.token
FROM stock.entry AS e
WHERE e.key LIKE $1::text || '-%'
UNION ALL
SELECT f.operation, f.key, f.step, f.amount, f.token
FROM till.entry AS f
WHERE f.key LIKE $1::text || '-%'
