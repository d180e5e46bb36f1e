DROP TABLE tb_signing_key;
