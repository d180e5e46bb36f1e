-- A claim whose holder died is given away after a minute. By the primary key.
insert into idempotency (idempotency_key, fingerprint, claimed_at)
values ($1::text, $2::text, now())
on conflict (idempotency_key) do update
set fingerprint = excluded.fingerprint, claimed_at = excluded.claimed_at
where idempotency.response is null and idempotency.claimed_at < now() - interval '1 minute'
returning idempotency_key
