create index idempotency_claimed on idempotency (claimed_at)
