DROP TABLE ensemble_outbox;
