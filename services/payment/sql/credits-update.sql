-- Index: tb_payment_credit_pkey. Finds a row only at the version that was read; the caller counts.
UPDATE tb_payment_credit AS c
SET
  open_total = r.open_total,
  version = r.version + 1::int8
FROM jsonb_to_recordset($1::jsonb) AS r (
  uuid_user uuid,
  open_total int8,
  version int8
)
WHERE c.uuid_user = r.uuid_user AND c.version = r.version
RETURNING c.uuid_user
