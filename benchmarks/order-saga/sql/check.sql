SELECT
  (SELECT count(*) FROM orders.bench_order AS o WHERE o.status = 'complete')::int8 AS complete,
  (SELECT count(*) FROM orders.bench_order AS o WHERE o.status = 'failed')::int8 AS failed,
  (SELECT count(*) FROM orders.bench_order AS o WHERE o.status = 'pending')::int8 AS pending,
  (SELECT count(*) FROM payments.bench_payment AS p WHERE p.status = 'prepared')::int8 AS prepared,
  (SELECT count(*) FROM payments.bench_payment AS p WHERE p.status = 'waiting')::int8 AS waiting,
  (SELECT count(*) FROM payments.bench_payment AS p WHERE p.status = 'paid')::int8 AS paid,
  (SELECT count(*) FROM payments.bench_payment AS p WHERE p.status = 'cancelled')::int8 AS cancelled,
  (SELECT COALESCE(sum(l.amount), 0) FROM payments.bench_ledger AS l)::int8 AS ledger,
  (SELECT count(*) FROM payments.bench_ledger AS l)::int8 AS entries,
  (
    (SELECT COALESCE(sum(o.marks), 0) FROM orders.bench_order AS o)
    + (SELECT COALESCE(sum(p.marks), 0) FROM payments.bench_payment AS p)
  )::int8 AS marks
