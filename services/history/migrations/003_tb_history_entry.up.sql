-- The key makes an event that comes twice one entry.
CREATE TABLE tb_history_entry (
  action varchar(16) NOT NULL,
  uuid uuid NOT NULL,
  event_id text NOT NULL,
  happened_at timestamptz NOT NULL,
  place int4 NOT NULL,
  status varchar(8) NOT NULL,
  data jsonb NOT NULL,
  CONSTRAINT tb_history_entry_pk PRIMARY KEY (action, uuid, event_id),
  CONSTRAINT tb_history_entry_ck_status CHECK (status IN ('success', 'failed'))
);
