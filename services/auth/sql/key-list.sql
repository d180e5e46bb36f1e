-- A handful.
SELECT
  k.generation,
  k.kid,
  k.jwk,
  k.signs_from
FROM tb_signing_key AS k
ORDER BY k.generation DESC NULLS LAST
LIMIT 100
