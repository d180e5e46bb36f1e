-- For order-list.sql.
CREATE INDEX tb_orders_ix_created ON tb_orders (created_at DESC NULLS LAST, uuid DESC NULLS LAST);
