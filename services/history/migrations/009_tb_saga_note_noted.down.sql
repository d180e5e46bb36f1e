DROP INDEX tb_saga_note_ix_noted;
