-- What was committed and may not be on the bus yet, packed.
CREATE TABLE ensemble_outbox (
  id text NOT NULL PRIMARY KEY,
  messages text NOT NULL,
  claim_after timestamptz NOT NULL
);
