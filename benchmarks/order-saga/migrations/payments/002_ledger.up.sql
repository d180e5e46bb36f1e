CREATE TABLE bench_ledger (id text NOT NULL, account text NOT NULL, amount int8 NOT NULL, PRIMARY KEY (id, account))
