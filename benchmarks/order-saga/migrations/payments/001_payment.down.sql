DROP TABLE bench_payment
