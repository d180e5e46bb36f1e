-- Payments that something is still expected of: to be settled by its due date, then its order's word about that.
CREATE TABLE tb_payment_watch (
  uuid uuid NOT NULL PRIMARY KEY,
  check_at timestamptz NOT NULL
);
