-- For operation_claim_due.sql.
CREATE INDEX ensemble_operation_due ON ensemble_operation (owner, due_at) WHERE status IN ('set_aside', 'calling');
