-- Index: primary key. Finds a row only at the version that was read; the caller counts.
UPDATE bill AS b
SET state = r.state, version = r.version + 1::int8
FROM jsonb_to_recordset($1::jsonb) AS r (key text, state text, version int8)
WHERE b.key = r.key AND b.version = r.version
RETURNING b.key
