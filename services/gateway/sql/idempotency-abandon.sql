delete from idempotency where idempotency_key = $1::text and response is null
