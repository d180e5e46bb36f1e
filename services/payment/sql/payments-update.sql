-- Index: tb_payment_un_uuid. Finds a row only at the version that was read; the caller counts.
UPDATE tb_payment AS p
SET
  id_payment_status = r.id_payment_status,
  failed_because = r.failed_because,
  bank_account_number = r.bank_account_number,
  payment_total = r.payment_total,
  change_total = r.change_total,
  refund_total = r.refund_total,
  payment_order = r.payment_order,
  updated_at = r.updated_at,
  version = r.version + 1::int8
FROM jsonb_to_recordset($1::jsonb) AS r (
  uuid uuid,
  id_payment_status int8,
  failed_because text,
  bank_account_number text,
  payment_total int8,
  change_total int8,
  refund_total int8,
  payment_order int8,
  updated_at timestamptz,
  version int8
)
WHERE p.uuid = r.uuid AND p.version = r.version
RETURNING p.uuid
