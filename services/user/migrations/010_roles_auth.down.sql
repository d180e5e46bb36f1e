UPDATE tb_roles
SET
  acl = 'user:read user:write login:read login:write order:read order:write payment:read payment:write '
    || 'history:read history:write notification:read notification:write saga:read saga:write'
WHERE id_roles = 545204885836100001
