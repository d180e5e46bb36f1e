DROP TABLE tb_history_entry;
