-- One direction of one step of one saga, or one event handled by one subscriber.
CREATE TABLE ensemble_operation (
  id text NOT NULL PRIMARY KEY,
  status text NOT NULL,
  owner text NOT NULL,
  key text NOT NULL,
  attempt int4 NOT NULL,
  origin text,
  sent text,
  wish text,
  again int4 NOT NULL,
  due_at timestamptz,
  doubt bool NOT NULL,
  parked text,
  version int8 NOT NULL,
  changed_at timestamptz NOT NULL
);
