SELECT d.saga, d.seq, d.entries
FROM history.decision AS d
WHERE d.saga LIKE $1::text || '-%'
ORDER BY d.saga ASC, d.seq ASC
