-- One row per document, so that they can be listed; what it says follows from its entries.
CREATE TABLE tb_history_document (
  action varchar(16) NOT NULL,
  uuid uuid NOT NULL,
  created_at timestamptz NOT NULL,
  CONSTRAINT tb_history_document_pk PRIMARY KEY (action, uuid)
);
