DELETE FROM ensemble_progress AS p
WHERE p.topic = $1::text AND p.partition = $2::int4
