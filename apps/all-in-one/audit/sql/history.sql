-- One row per saga, with its decisions: how many, from which number to which, and where and how they say it ended.
SELECT
  s.plan,
  s.id,
  s.pattern,
  s.status,
  s.standing,
  coalesce(d.seq_min, 0)::int4 AS seq_min,
  coalesce(d.seq_max, 0)::int4 AS seq_max,
  coalesce(d.decision_count, 0)::int4 AS decision_count,
  coalesce(e.ended_count, 0)::int4 AS ended_count,
  coalesce(e.ended_seq, 0)::int4 AS ended_seq,
  e.ended_status
FROM tb_saga AS s
LEFT JOIN (
  SELECT
    n.saga_key,
    min((o.one ->> 'seq')::int8) AS seq_min,
    max((o.one ->> 'seq')::int8) AS seq_max,
    count(*) AS decision_count
  FROM tb_saga_decision AS n
  CROSS JOIN LATERAL jsonb_array_elements(n.told::jsonb) AS o (one)
  GROUP BY n.saga_key
) AS d ON d.saga_key = s.saga_key
LEFT JOIN (
  SELECT
    n.saga_key,
    count(*) AS ended_count,
    max((o.one ->> 'seq')::int8) AS ended_seq,
    max(x.entry ->> 'status') AS ended_status
  FROM tb_saga_decision AS n
  CROSS JOIN LATERAL jsonb_array_elements(n.told::jsonb) AS o (one)
  CROSS JOIN LATERAL jsonb_array_elements(o.one -> 'entries') AS x (entry)
  WHERE x.entry ->> 'type' = 'ended'
  GROUP BY n.saga_key
) AS e ON e.saga_key = s.saga_key
