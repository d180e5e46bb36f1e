-- CockroachDB drops a unique index with CASCADE only.
DROP INDEX tb_users_un_email CASCADE;
