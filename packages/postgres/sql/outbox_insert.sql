INSERT INTO ensemble_outbox (id, messages, claim_after)
VALUES ($1::text, $2::text, now() + $3::int8 * interval '1 millisecond')
