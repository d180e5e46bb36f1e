-- What an entry says is in `told`, a text that nobody here looks into; what it is found by in `spoken`.
INSERT INTO tb_history_entry (action, uuid, event_id, saga_key, happened_at, place, status, data, told, spoken)
SELECT r.action, r.uuid, r.event_id, r.saga_key, r.happened_at, r.place, r.status, '{}'::jsonb, r.told, r.spoken
FROM unnest(
  $1::text[],
  $2::uuid[],
  $3::text[],
  $4::text[],
  $5::timestamptz[],
  $6::int4[],
  $7::text[],
  $8::text[],
  $9::text[]
) AS r (action, uuid, event_id, saga_key, happened_at, place, status, told, spoken)
ON CONFLICT (action, uuid, event_id) DO NOTHING
