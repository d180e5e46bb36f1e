DELETE FROM tb_payment_watch AS w
WHERE w.uuid = ANY ($1::uuid[])
