SELECT
  c.uuid_user,
  c.open_total,
  c.version
FROM tb_payment_credit AS c
WHERE c.uuid_user = ANY ($1::uuid[])
ORDER BY c.uuid_user ASC NULLS FIRST
FOR UPDATE
