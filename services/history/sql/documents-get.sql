-- Index: tb_history_entry_pk. The newest entries of each document ($3), and what is known of all of them.
SELECT
  e.action,
  e.uuid,
  e.event_id,
  e.saga_key,
  e.happened_at,
  e.place,
  e.status,
  e.data,
  e.told,
  e.entry_count,
  e.first_at,
  e.last_at
FROM (
  SELECT
    n.action,
    n.uuid,
    n.event_id,
    n.saga_key,
    n.happened_at,
    n.place,
    n.status,
    n.data,
    n.told,
    count(n.event_id) OVER (PARTITION BY n.action, n.uuid) AS entry_count,
    min(n.happened_at) OVER (PARTITION BY n.action, n.uuid) AS first_at,
    max(n.happened_at) OVER (PARTITION BY n.action, n.uuid) AS last_at,
    row_number() OVER (
      PARTITION BY n.action, n.uuid
      ORDER BY n.happened_at DESC NULLS LAST, n.place DESC NULLS LAST, n.event_id DESC NULLS LAST
    ) AS age
  FROM tb_history_entry AS n
  WHERE (n.action, n.uuid) IN (SELECT w.action, w.uuid FROM unnest($1::text[], $2::uuid[]) AS w (action, uuid))
) AS e
WHERE e.age <= $3::int8
