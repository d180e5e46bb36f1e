-- Index: tb_payment_un_uuid.
SELECT p.uuid
FROM tb_payment AS p
WHERE p.uuid = ANY ($1::uuid[]) AND p.deleted_at IS NULL
