-- Index: primary key.
INSERT INTO once (what)
VALUES ($1::text)
ON CONFLICT (what) DO NOTHING
RETURNING what
