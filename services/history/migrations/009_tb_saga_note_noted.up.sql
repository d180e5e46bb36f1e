-- For notes-list.sql.
CREATE INDEX tb_saga_note_ix_noted ON tb_saga_note (saga_key, noted_at DESC NULLS LAST);
