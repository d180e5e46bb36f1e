-- acl: words such as order:read, order:write or order:own (of one's own orders), parted by one space as in a scope of
-- OAuth (RFC 6749, section 3.3).
CREATE TABLE tb_roles (
  id_roles int8 PRIMARY KEY,
  nm_roles varchar(50) NOT NULL,
  acl varchar(1000) NOT NULL,
  created_at timestamptz NOT NULL DEFAULT now(),
  update_at timestamptz NOT NULL DEFAULT now(),
  deleted_at timestamptz,
  CONSTRAINT tb_roles_un_name UNIQUE (nm_roles)
);
