-- Of two instances that want the next generation one makes it.
INSERT INTO tb_signing_key (generation, kid, jwk, signs_from)
VALUES ($1::int8, $2::text, $3::jsonb, $4::timestamptz)
ON CONFLICT (generation) DO NOTHING
