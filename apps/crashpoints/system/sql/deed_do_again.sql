-- A provider without keys: does it as often as it is asked to, unless it is void.
INSERT INTO deed (provider, what, reference)
SELECT $1::text, 'do', $2::text
WHERE
  NOT EXISTS (
    SELECT 1 FROM deed AS d WHERE d.provider = $1::text AND d.reference = $2::text AND d.what = 'void'
  )
