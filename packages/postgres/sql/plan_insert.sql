INSERT INTO ensemble_plan (name, version, fingerprint)
SELECT r.name, r.version, r.fingerprint
FROM unnest($1::text[], $2::int4[], $3::text[]) AS r (name, version, fingerprint)
ON CONFLICT (name, version) DO NOTHING
