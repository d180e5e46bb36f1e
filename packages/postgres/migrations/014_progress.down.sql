DROP TABLE ensemble_progress;
