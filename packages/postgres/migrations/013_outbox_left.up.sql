-- For outbox_claim.sql.
CREATE INDEX ensemble_outbox_left ON ensemble_outbox (claim_after);
