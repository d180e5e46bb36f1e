-- For dead_letter_list.sql.
CREATE INDEX ensemble_dead_letter_newest ON ensemble_dead_letter (dead_at, id);
