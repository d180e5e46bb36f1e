INSERT INTO bench_ledger (id, account, amount)
SELECT r.id, r.account, r.amount FROM jsonb_to_recordset($1::jsonb) AS r (id text, account text, amount int8)
