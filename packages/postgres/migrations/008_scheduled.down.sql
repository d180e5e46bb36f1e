DROP TABLE ensemble_scheduled;
