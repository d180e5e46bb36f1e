ALTER TABLE ensemble_saga RESET (fillfactor);
