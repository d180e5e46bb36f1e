DROP TABLE ensemble_operation;
