DROP TABLE bench_order
