-- For payment-list.sql.
CREATE INDEX tb_payment_ix_created ON tb_payment (created_at DESC NULLS LAST, uuid DESC NULLS LAST);
