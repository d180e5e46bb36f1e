DROP TABLE ensemble_plan;
