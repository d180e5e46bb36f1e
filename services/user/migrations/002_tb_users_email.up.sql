-- The claim of an e-mail is what decides; this index is the second line.
CREATE UNIQUE INDEX tb_users_un_email ON tb_users (lower(email)) WHERE deleted_at IS NULL;
