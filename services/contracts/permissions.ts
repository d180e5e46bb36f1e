// Owns: what callers may be allowed to do, by name: permissions of roles, scopes of clients and of tokens.
// I1: nobody hands on what he has not got himself.

export const PERMISSIONS = [
  'user:read',
  'user:write',
  'user:own',
  'login:read',
  'login:write',
  'login:check',
  'order:read',
  'order:write',
  'order:own',
  'payment:read',
  'payment:write',
  'payment:own',
  'history:read',
  'history:write',
  'notification:read',
  'notification:write',
  'saga:read',
  'saga:write',
  'client:read',
  'client:write',
  'key:write',
  'audit:read',
] as const

/** Whether who holds `held` may give all of `wanted` to somebody: what is for one's own is part of what is for all. */
export function isWithin(wanted: readonly string[], held: ReadonlySet<string>): boolean {
  return wanted.every((name) => {
    const [resource = '', kind] = name.split(':')
    if (held.has(name)) return true
    return kind === 'own' && held.has(`${resource}:read`) && held.has(`${resource}:write`)
  })
}
