-- Index: tb_audit_ix_happened.
DELETE FROM tb_audit
WHERE uuid IN (
  SELECT a.uuid
  FROM tb_audit AS a
  WHERE a.happened_at < $1::timestamptz
  ORDER BY a.happened_at ASC NULLS LAST
  LIMIT 1000
)
