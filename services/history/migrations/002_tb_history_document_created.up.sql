-- For documents-list.sql.
CREATE INDEX tb_history_document_ix_created
ON tb_history_document (action, created_at DESC NULLS LAST, uuid DESC NULLS LAST);
