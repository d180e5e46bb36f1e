INSERT INTO tb_history_entry (action, uuid, event_id, happened_at, place, status, data)
SELECT r.action, r.uuid, r.event_id, r.happened_at, r.place, r.status, r.data
FROM jsonb_to_recordset($1::jsonb) AS r (
  action text,
  uuid uuid,
  event_id text,
  happened_at timestamptz,
  place int4,
  status text,
  data jsonb
)
ON CONFLICT (action, uuid, event_id) DO NOTHING
