INSERT INTO paper (key, token)
VALUES ($1::text, $2::text)
