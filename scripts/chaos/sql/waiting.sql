-- Orders whose saga waits for the customer's money.
SELECT count(*)::int4 AS row_count
FROM ensemble_operation AS o
WHERE o.status = 'deferred'
