DROP TABLE ensemble_horizon;
