-- For saga-list.sql of everything.
CREATE INDEX tb_saga_ix_started ON tb_saga (started_at DESC NULLS LAST, saga_key DESC NULLS LAST);
