INSERT INTO item (key, token, state, version)
SELECT r.key, r.token, r.state, 1::int8
FROM jsonb_to_recordset($1::jsonb) AS r (key text, token text, state text)
