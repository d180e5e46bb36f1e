-- The id follows from the operation, or from the caller's uuid: a message that comes twice is one row.
CREATE TABLE tb_notification (
  id uuid PRIMARY KEY,
  channel varchar(8) NOT NULL,
  template varchar(100),
  uuid_user uuid,
  receiver_address text,
  subject text NOT NULL,
  body text NOT NULL,
  status varchar(16) NOT NULL,
  attempts jsonb NOT NULL,
  fingerprint varchar(64) NOT NULL,
  created_at timestamptz NOT NULL,
  updated_at timestamptz NOT NULL,
  CONSTRAINT tb_notification_ck_channel CHECK (channel IN ('sms', 'email', 'push')),
  CONSTRAINT tb_notification_ck_status CHECK (status IN ('WAITING', 'SENT', 'UNDELIVERABLE')),
  CONSTRAINT tb_notification_ck_address CHECK (status <> 'SENT' OR receiver_address IS NOT NULL)
);
