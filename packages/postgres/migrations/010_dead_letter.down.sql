DROP TABLE ensemble_dead_letter;
