drop table idempotency
