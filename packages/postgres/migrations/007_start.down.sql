DROP TABLE ensemble_start;
