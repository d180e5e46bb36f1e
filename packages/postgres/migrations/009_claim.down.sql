DROP TABLE ensemble_claim;
