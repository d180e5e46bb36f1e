-- A user as this service knows them; no address (all three null) while none is known.
CREATE TABLE tb_receiver (
  uuid_user uuid PRIMARY KEY,
  first_name text,
  email text,
  handphone text,
  known_at timestamptz NOT NULL,
  waiting jsonb NOT NULL,
  version int8 NOT NULL,
  CONSTRAINT tb_receiver_ck_contact CHECK (
    (first_name IS NULL AND email IS NULL AND handphone IS NULL)
    OR (first_name IS NOT NULL AND email IS NOT NULL AND handphone IS NOT NULL)
  )
);
