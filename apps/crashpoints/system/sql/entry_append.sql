INSERT INTO entry (operation, key, step, amount, token)
SELECT r.operation, r.key, r.step, r.amount, r.token
FROM jsonb_to_recordset($1::jsonb) AS r (operation text, key text, step text, amount int4, token text)
