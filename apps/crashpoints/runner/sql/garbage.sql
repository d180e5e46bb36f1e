SELECT count(*)::int4 AS letter_count
FROM stock.ensemble_dead_letter AS d
WHERE d.message LIKE '%"' || $1::text || '-garbage"%'
