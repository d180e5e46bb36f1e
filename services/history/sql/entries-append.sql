INSERT INTO tb_history_entry (action, uuid, event_id, saga_key, happened_at, place, status, data, words)
SELECT r.action, r.uuid, r.event_id, r.saga_key, r.happened_at, r.place, r.status, r.data, r.words
FROM jsonb_to_recordset($1::jsonb) AS r (
  action text,
  uuid uuid,
  event_id text,
  saga_key text,
  happened_at timestamptz,
  place int4,
  status text,
  data jsonb,
  words jsonb
)
ON CONFLICT (action, uuid, event_id) DO NOTHING
