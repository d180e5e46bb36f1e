-- Index: primary key. Moves it only from where it waits.
UPDATE signature AS s
SET state = $2::text
WHERE s.key = $1::text AND s.state = 'waiting'
RETURNING s.operation
