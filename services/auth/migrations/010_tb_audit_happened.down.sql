DROP INDEX tb_audit_ix_happened;
