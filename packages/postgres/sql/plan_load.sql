SELECT p.name, p.version, p.fingerprint
FROM ensemble_plan AS p
INNER JOIN unnest($1::text[], $2::int4[]) AS w (name, version) ON w.name = p.name AND w.version = p.version
ORDER BY p.name ASC NULLS LAST, p.version ASC NULLS LAST
