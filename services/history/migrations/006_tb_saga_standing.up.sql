-- For saga-list.sql of what does not simply run or has ended, which is most.
CREATE INDEX tb_saga_ix_standing ON tb_saga (standing, started_at DESC NULLS LAST)
WHERE standing NOT IN ('running', 'ended');
