-- A saga's row changes with each of its decisions: with room beside it, it stays within its page, and no index changes.
-- CockroachDB reads this and does nothing.
ALTER TABLE ensemble_saga SET (fillfactor = 50);
