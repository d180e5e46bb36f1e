-- For operation_load.sql.
CREATE INDEX ensemble_operation_deferred ON ensemble_operation (owner, key) WHERE status = 'deferred';
