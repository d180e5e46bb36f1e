INSERT INTO tb_payment_credit (
  uuid_user,
  open_total,
  version
)
SELECT
  r.uuid_user,
  r.open_total,
  r.version + 1::int8
FROM jsonb_to_recordset($1::jsonb) AS r (
  uuid_user uuid,
  open_total int8,
  version int8
)
