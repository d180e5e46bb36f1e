-- Index: idempotency_claimed.
delete from idempotency
where idempotency_key in (
  select idempotency_key
  from idempotency
  where claimed_at < now() - interval '1 day'
  order by claimed_at asc nulls last
  limit 1000
)
