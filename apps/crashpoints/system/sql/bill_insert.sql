INSERT INTO bill (key, state, version)
SELECT r.key, r.state, 1::int8
FROM jsonb_to_recordset($1::jsonb) AS r (key text, state text)
