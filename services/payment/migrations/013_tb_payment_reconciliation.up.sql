-- One row: the last look at what is late. Who moves begun_at has the turn.
CREATE TABLE tb_payment_reconciliation (
  singleton int4 NOT NULL PRIMARY KEY CHECK (singleton = 1),
  begun_at timestamptz NOT NULL,
  ended_at timestamptz,
  late_count int8 NOT NULL,
  sent_count int8 NOT NULL,
  closed_count int8 NOT NULL,
  unhealed_count int8 NOT NULL
);
