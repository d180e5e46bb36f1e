SELECT count(*)::int4 AS row_count
FROM ensemble_outbox AS o
