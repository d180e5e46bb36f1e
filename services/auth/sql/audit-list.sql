-- Index: tb_audit_ix_happened.
SELECT
  a.uuid,
  a.happened_at,
  a.kind,
  a.client_key,
  a.uuid_user,
  a.about
FROM tb_audit AS a
ORDER BY a.happened_at DESC NULLS LAST, a.uuid DESC NULLS LAST
LIMIT $1::int8
OFFSET $2::int8
