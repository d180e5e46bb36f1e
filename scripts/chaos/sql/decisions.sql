-- Of each decision its time, what it asked, and whether an outcome that comes later was announced. Milliseconds.
SELECT
  d.saga_key AS saga,
  (o.one ->> 'seq')::int4 AS seq,
  (o.one ->> 'at')::float8 AS at,
  coalesce(bool_or(x.entry ->> 'type' = 'accepted'), false) AS is_deferred
FROM tb_saga_decision AS d
CROSS JOIN LATERAL jsonb_array_elements(d.told::jsonb) AS o (one)
CROSS JOIN LATERAL jsonb_array_elements(o.one -> 'entries') AS x (entry)
GROUP BY d.saga_key, o.one ->> 'seq', o.one ->> 'at'
ORDER BY d.saga_key ASC, (o.one ->> 'seq')::int4 ASC
