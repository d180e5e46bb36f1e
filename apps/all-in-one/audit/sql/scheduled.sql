-- What is due in the future, one row per message.
SELECT
  m.message ->> 'type' AS type,
  coalesce(m.message ->> 'name', '') AS name,
  coalesce(m.message -> 'saga' ->> 'id', m.message ->> 'key') AS saga
FROM ensemble_scheduled AS s
CROSS JOIN LATERAL jsonb_array_elements(s.messages::jsonb) AS m (message)
