DROP TABLE tb_history_document;
