-- What each user owes on open Pay Later payments.
CREATE TABLE tb_payment_credit (
  uuid_user uuid PRIMARY KEY,
  open_total int8 NOT NULL,
  version int8 NOT NULL,
  CONSTRAINT tb_payment_credit_ck_open CHECK (open_total >= 0)
);
