DROP TABLE tb_saga_note;
