-- Index: tb_payment_ix_user.
SELECT
  p.id_payment,
  p.uuid,
  p.uuid_user,
  p.id_payment_status,
  p.id_payment_model,
  p.failed_because,
  p.inquiry_number,
  p.bank_account_number,
  p.nm_bank,
  p.payment_total,
  p.change_total,
  p.refund_total,
  p.payment_order,
  p.due_date,
  p.created_at,
  p.updated_at,
  p.version
FROM tb_payment AS p
WHERE p.uuid_user = $1::uuid AND p.deleted_at IS NULL
ORDER BY p.created_at DESC NULLS LAST, p.uuid DESC NULLS LAST
LIMIT $2::int8
OFFSET $3::int8
