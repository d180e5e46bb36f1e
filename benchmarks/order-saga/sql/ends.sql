SELECT
  (SELECT count(*) FROM orders.ensemble_start AS s WHERE s.ended_status = 'completed')::int8 AS completed,
  (SELECT count(*) FROM orders.ensemble_start AS s WHERE s.ended_status = 'compensated')::int8 AS compensated,
  (SELECT count(*) FROM orders.ensemble_start AS s WHERE s.ended_status IS NULL)::int8 AS running
