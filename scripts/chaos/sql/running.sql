SELECT count(*)::int4 AS row_count
FROM ensemble_start AS s
WHERE s.ended_status IS NULL
