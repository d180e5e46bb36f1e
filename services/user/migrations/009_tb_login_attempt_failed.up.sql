-- For guesses-prune.sql.
CREATE INDEX tb_login_attempt_ix_failed ON tb_login_attempt (failed_at);
