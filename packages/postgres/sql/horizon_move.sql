-- Never back.
INSERT INTO ensemble_horizon AS h (only, horizon)
VALUES (1, $1::timestamptz)
ON CONFLICT (only) DO UPDATE
SET horizon = greatest(h.horizon, excluded.horizon)
