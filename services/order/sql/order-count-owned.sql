-- Index: tb_orders_ix_user.
SELECT count(o.uuid) AS total
FROM tb_orders AS o
WHERE o.user_uuid = $1::uuid AND o.deleted_at IS NULL
