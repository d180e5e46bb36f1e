-- Of each decision its time, what it asked, and whether an outcome that comes later was announced. Milliseconds.
SELECT
  d.saga_key AS saga,
  d.seq::int4 AS seq,
  (extract(epoch FROM d.decided_at) * 1000)::float8 AS at,
  coalesce(bool_or(x.entry ->> 'type' = 'accepted'), false) AS is_deferred
FROM tb_saga_decision AS d
CROSS JOIN LATERAL jsonb_array_elements(d.entries) AS x (entry)
GROUP BY d.saga_key, d.seq, d.decided_at
ORDER BY d.saga_key ASC, d.seq ASC
