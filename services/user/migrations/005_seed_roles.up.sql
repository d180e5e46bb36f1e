INSERT INTO tb_roles (id_roles, nm_roles, acl)
VALUES
  (
    545204885836100001,
    'admin',
    'user:read user:write login:read login:write order:read order:write payment:read payment:write '
    || 'history:read history:write notification:read notification:write saga:read saga:write'
  ),
  (
    545204885836100002,
    'operator',
    'user:read login:read order:read order:write payment:read payment:write '
    || 'history:read notification:read saga:read saga:write'
  ),
  (
    545204885836100003,
    'customer',
    'user:own order:own payment:own'
  )
ON CONFLICT (id_roles) DO NOTHING;
