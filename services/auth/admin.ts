// Owns: the client `admin`, by which everything else begins: its secret is the environment's.
// I1: who changes the variable and starts again has changed the secret; it is kept as a hash like any other.
import type { Clock, Ids } from '@ensemble/runtime'
import type { Passwords } from '@ensemble/service/passwords'
import { PERMISSIONS, rowIdOf } from '@ensemble/service-contracts'
import type { ClientStore } from './client-store.ts'

export interface AdminParts {
  readonly secret: string | undefined
  readonly clients: Pick<ClientStore, 'add' | 'get' | 'renew'>
  readonly passwords: Pick<Passwords, 'hash' | 'isRight'>
  readonly clock: Pick<Clock, 'now'>
  readonly ids: Pick<Ids, 'next'>
}

const ADMIN = 'admin'

/** What is for one's own is for users. */
const permissions = PERMISSIONS.filter((name) => !name.endsWith(':own'))

/** Answers whether there is an admin. */
export async function keepAdmin({ secret, clients, passwords, clock, ids }: AdminParts): Promise<boolean> {
  const known = await clients.get(ADMIN)
  if (secret === undefined) return known !== undefined
  const isSame = known !== undefined && (await passwords.isRight(secret, known.secretHash))
  if (isSame && known.permissions.join() === permissions.join()) return true
  const secretHash = await passwords.hash(secret)
  const now = clock.now()
  if (await clients.renew({ key: ADMIN, secretHash, permissions }, now)) return true
  const uuid = ids.next()
  await clients.add({
    uuid,
    rowId: rowIdOf(uuid),
    name: ADMIN,
    key: ADMIN,
    secretHash,
    permissions,
    isFirstParty: true,
    redirectUrl: '',
    createdAt: now,
    updatedAt: now,
  })
  return true
}
