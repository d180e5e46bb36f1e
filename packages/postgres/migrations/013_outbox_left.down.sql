DROP INDEX ensemble_outbox_left;
