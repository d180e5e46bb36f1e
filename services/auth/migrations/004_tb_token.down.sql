DROP TABLE tb_token;
