DROP TABLE ensemble_saga;
