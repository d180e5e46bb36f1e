-- For login-list.sql.
CREATE INDEX tb_login_ix_created ON tb_login (created_at DESC NULLS LAST, uuid DESC NULLS LAST);
