INSERT INTO deed (provider, what, reference)
VALUES ($1::text, 'void', $2::text)
