DROP TABLE tb_login_attempt;
