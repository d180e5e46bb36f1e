-- The 64-bit id follows from the uuid (contracts/row-id.ts): no sequence, the same on every database.
-- The checks repeat the money rules of payment.ts: 545251911825653761 is Paid, 545251911859077121 is Failed.
CREATE TABLE tb_payment (
  id_payment int8 PRIMARY KEY,
  uuid uuid NOT NULL,
  uuid_order uuid NOT NULL,
  uuid_user uuid NOT NULL,
  id_payment_status int8 NOT NULL,
  id_payment_model int8 NOT NULL,
  failed_because varchar(20),
  inquiry_number varchar(100) NOT NULL,
  bank_account_number varchar(50) NOT NULL,
  nm_bank varchar(100) NOT NULL,
  payment_total int8 NOT NULL,
  change_total int8 NOT NULL,
  refund_total int8 NOT NULL,
  payment_order int8,
  due_date timestamptz NOT NULL,
  created_at timestamptz NOT NULL,
  updated_at timestamptz NOT NULL,
  deleted_at timestamptz,
  version int8 NOT NULL,
  CONSTRAINT tb_payment_un_uuid UNIQUE (uuid),
  CONSTRAINT tb_payment_un_uuid_order UNIQUE (uuid_order),
  CONSTRAINT tb_payment_fk_status
    FOREIGN KEY (id_payment_status) REFERENCES tb_payment_status (id_payment_status) ON DELETE RESTRICT,
  CONSTRAINT tb_payment_fk_model
    FOREIGN KEY (id_payment_model) REFERENCES tb_payment_model (id_payment_model) ON DELETE RESTRICT,
  CONSTRAINT tb_payment_ck_amounts CHECK (payment_total >= 0 AND change_total >= 0 AND refund_total >= 0),
  CONSTRAINT tb_payment_ck_order CHECK (payment_order IS NULL OR payment_order >= 0),
  CONSTRAINT tb_payment_ck_paid CHECK (
    id_payment_status <> 545251911825653761
    OR (payment_order IS NOT NULL AND refund_total = 0 AND payment_total - change_total = payment_order)
  ),
  CONSTRAINT tb_payment_ck_failed CHECK (
    id_payment_status <> 545251911859077121
    OR (failed_because IS NOT NULL AND payment_total = change_total + refund_total)
  ),
  CONSTRAINT tb_payment_ck_because CHECK (failed_because IS NULL OR failed_because IN ('expired', 'cancelled')),
  CONSTRAINT tb_payment_ck_updated CHECK (updated_at >= created_at)
);
