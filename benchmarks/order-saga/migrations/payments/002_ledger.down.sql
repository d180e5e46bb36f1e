DROP TABLE bench_ledger
