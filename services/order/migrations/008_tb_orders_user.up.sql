-- For order-list-owned.sql.
CREATE INDEX tb_orders_ix_user ON tb_orders (user_uuid, created_at DESC NULLS LAST, uuid DESC NULLS LAST);
