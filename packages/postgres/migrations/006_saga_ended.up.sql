-- For saga_prune.sql.
CREATE INDEX ensemble_saga_ended ON ensemble_saga (changed_at) WHERE status IN ('early', 'completed', 'compensated');
