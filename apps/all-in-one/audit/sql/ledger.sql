SELECT
  p.uuid_order::text AS uuid_order,
  e.operation,
  e.kind,
  e.amount::float8 AS amount,
  e.bank_account_number AS account
FROM tb_payment_entry AS e
LEFT JOIN tb_payment AS p ON p.uuid = e.uuid_payment
