create table idempotency (
  idempotency_key text not null primary key,
  fingerprint text not null,
  response jsonb,
  claimed_at timestamptz not null
)
