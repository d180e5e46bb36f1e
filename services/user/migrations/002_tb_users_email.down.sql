DROP INDEX tb_users_un_email;
