-- Messages with a due time, packed. The key begins with due_at for scheduled_take_due.sql.
CREATE TABLE ensemble_scheduled (
  due_at timestamptz NOT NULL,
  id uuid NOT NULL DEFAULT gen_random_uuid(),
  message_count int4 NOT NULL,
  messages text NOT NULL,
  PRIMARY KEY (due_at, id)
);
