DROP INDEX ensemble_saga_ended;
