SELECT h.horizon
FROM ensemble_horizon AS h
WHERE h.singleton = 1
