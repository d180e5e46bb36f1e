-- The key makes a decision that comes twice one row.
CREATE TABLE tb_saga_decision (
  saga_key text NOT NULL,
  seq int8 NOT NULL,
  decided_at timestamptz NOT NULL,
  entries jsonb NOT NULL,
  CONSTRAINT tb_saga_decision_pk PRIMARY KEY (saga_key, seq)
);
