DROP INDEX ensemble_start_ended;
