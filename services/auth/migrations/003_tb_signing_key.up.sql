-- Private keys: this is the only place that holds them. A generation signs until the next one does.
CREATE TABLE tb_signing_key (
  generation int8 PRIMARY KEY,
  kid varchar(64) NOT NULL,
  jwk jsonb NOT NULL,
  signs_from timestamptz NOT NULL
);
