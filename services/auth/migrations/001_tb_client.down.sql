DROP TABLE tb_client;
