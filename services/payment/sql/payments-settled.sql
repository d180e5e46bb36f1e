-- Index: tb_payment_un_uuid.
SELECT p.uuid, p.id_payment_status
FROM tb_payment AS p
WHERE p.uuid = ANY ($1::uuid[])
