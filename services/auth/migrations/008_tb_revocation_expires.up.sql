-- For revocation-list.sql and revocation-prune.sql.
CREATE INDEX tb_revocation_ix_expires ON tb_revocation (expires_at);
