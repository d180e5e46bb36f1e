-- Index: tb_payment_ix_user.
SELECT count(p.uuid) AS total
FROM tb_payment AS p
WHERE p.uuid_user = $1::uuid AND p.deleted_at IS NULL
