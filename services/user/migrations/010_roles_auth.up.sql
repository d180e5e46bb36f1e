UPDATE tb_roles
SET
  acl = 'user:read user:write login:read login:write login:check order:read order:write payment:read payment:write '
    || 'history:read history:write notification:read notification:write saga:read saga:write '
    || 'client:read client:write key:write audit:read'
WHERE id_roles = 545204885836100001
