DROP INDEX tb_revocation_ix_expires;
