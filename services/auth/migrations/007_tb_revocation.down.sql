DROP TABLE tb_revocation;
