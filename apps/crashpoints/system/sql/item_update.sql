-- Index: primary key. Finds a row only at the version that was read; the caller counts.
UPDATE item AS i
SET token = r.token, state = r.state, version = r.version + 1::int8
FROM jsonb_to_recordset($1::jsonb) AS r (key text, token text, state text, version int8)
WHERE i.key = r.key AND i.version = r.version
RETURNING i.key
