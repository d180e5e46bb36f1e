INSERT INTO tb_payment_watch AS w (uuid, check_at)
SELECT r.uuid, r.check_at
FROM jsonb_to_recordset($1::jsonb) AS r (uuid uuid, check_at timestamptz)
ON CONFLICT (uuid) DO UPDATE
SET check_at = excluded.check_at
