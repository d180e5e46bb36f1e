select fingerprint, response from idempotency where idempotency_key = $1::text
