-- For payment-list-owned.sql.
CREATE INDEX tb_payment_ix_user ON tb_payment (uuid_user, created_at DESC NULLS LAST, uuid DESC NULLS LAST);
