DROP TABLE tb_receiver;
