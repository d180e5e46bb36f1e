INSERT INTO tb_payment_entry (
  uuid_payment,
  operation,
  kind,
  amount,
  bank_account_number,
  created_at
)
SELECT
  r.uuid_payment,
  r.operation,
  r.kind,
  r.amount,
  r.bank_account_number,
  r.created_at
FROM jsonb_to_recordset($1::jsonb) AS r (
  uuid_payment uuid,
  operation text,
  kind text,
  amount int8,
  bank_account_number text,
  created_at timestamptz
)
