DROP TABLE tb_login;
