-- Never back.
INSERT INTO ensemble_horizon AS h (singleton, horizon)
VALUES (1, $1::timestamptz)
ON CONFLICT (singleton) DO UPDATE
SET horizon = greatest(h.horizon, excluded.horizon)
