-- For audit-list.sql and audit-prune.sql.
CREATE INDEX tb_audit_ix_happened ON tb_audit (happened_at DESC NULLS LAST, uuid DESC NULLS LAST);
