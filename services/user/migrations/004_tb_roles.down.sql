DROP TABLE tb_roles;
