-- The ledger: rows are added, never changed. An operation books one entry of a kind, so nothing is booked twice.
CREATE TABLE tb_payment_entry (
  uuid_payment uuid NOT NULL,
  operation varchar(500) NOT NULL,
  kind varchar(10) NOT NULL,
  amount int8 NOT NULL,
  bank_account_number varchar(50) NOT NULL,
  created_at timestamptz NOT NULL,
  CONSTRAINT tb_payment_entry_pk PRIMARY KEY (uuid_payment, operation, kind),
  CONSTRAINT tb_payment_entry_fk_payment FOREIGN KEY (uuid_payment) REFERENCES tb_payment (uuid) ON DELETE RESTRICT,
  CONSTRAINT tb_payment_entry_ck_kind CHECK (kind IN ('in', 'change', 'refund')),
  CONSTRAINT tb_payment_entry_ck_amount CHECK (amount > 0)
);
