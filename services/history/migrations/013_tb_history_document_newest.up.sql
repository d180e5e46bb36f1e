-- For documents-list.sql of all actions.
CREATE INDEX tb_history_document_ix_newest ON tb_history_document (created_at DESC NULLS LAST);
