-- A provider with keys: does it once, and not any more once it is void.
INSERT INTO deed (provider, what, reference)
SELECT $1::text, 'do', $2::text
WHERE NOT EXISTS (SELECT 1 FROM deed AS d WHERE d.provider = $1::text AND d.reference = $2::text)
