-- For watch-claim.sql.
CREATE INDEX tb_payment_watch_ix_check ON tb_payment_watch (check_at);
