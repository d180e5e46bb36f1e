-- For operation_prune.sql.
CREATE INDEX ensemble_operation_answered ON ensemble_operation (changed_at)
  WHERE status IN ('succeeded', 'rejected', 'withdrawn', 'faulted', 'unknown');
