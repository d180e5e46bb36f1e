-- A step's direction is asked, and a document says one thing, once.
SELECT n.saga_key || ' asked ' || (x.entry ->> 'step') || '/' || (x.entry ->> 'direction') AS what
FROM tb_saga_decision AS n
CROSS JOIN LATERAL jsonb_array_elements(n.told::jsonb) AS d (one)
CROSS JOIN LATERAL jsonb_array_elements(d.one -> 'entries') AS x (entry)
WHERE x.entry ->> 'type' = 'asked'
GROUP BY n.saga_key, x.entry ->> 'step', x.entry ->> 'direction'
HAVING count(*) > 1
UNION ALL
SELECT 'document ' || h.action || ' ' || h.uuid::text || ' has an entry twice' AS what
FROM tb_history_entry AS h
GROUP BY h.action, h.uuid, h.status, h.data, h.told
HAVING count(*) > 1
