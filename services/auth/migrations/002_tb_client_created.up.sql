-- For client-list.sql.
CREATE INDEX tb_client_ix_created ON tb_client (created_at DESC NULLS LAST, uuid DESC NULLS LAST);
