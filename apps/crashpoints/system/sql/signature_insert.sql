INSERT INTO signature (key, operation, state)
VALUES ($1::text, $2::text, 'waiting')
