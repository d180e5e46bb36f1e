update idempotency set response = $2::jsonb where idempotency_key = $1::text and response is null
