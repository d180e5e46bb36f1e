-- For start_prune.sql.
CREATE INDEX ensemble_start_ended ON ensemble_start (started_at) WHERE ended_status IS NOT NULL;
