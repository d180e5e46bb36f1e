-- For user-list.sql.
CREATE INDEX tb_users_ix_created ON tb_users (created_at DESC NULLS LAST, uuid DESC NULLS LAST);
