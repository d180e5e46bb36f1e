// Owns: the signing keys in SQL, and making the next one when it is due.
// I1: instances that want a new key at once make one: a generation is made once.
// I2: a private key leaves the table for this process's memory only.
import { generateKeyPair } from 'node:crypto'
import { promisify } from 'node:util'
import { sqlFolder } from '@ensemble/postgres'
import type { Clock, Ids, Queryable } from '@ensemble/runtime'
import { TOKEN_ALGORITHM } from '@ensemble/service/tokens'
import { momentOf } from '@ensemble/service-contracts'
import { KEY_LEAD_MS, keyPlan, PrivateJwk, type SigningKey } from './keys.ts'

export interface Keys {
  /** The signing key first, then the others that are published. */
  current(): Promise<readonly SigningKey[]>
  /** Makes the next key, unless one is waiting to sign already. */
  rotate(): Promise<readonly SigningKey[]>
}

export interface KeysParts {
  readonly database: Queryable
  readonly clock: Pick<Clock, 'now'>
  readonly ids: Pick<Ids, 'next'>
}

const sql = sqlFolder(new URL('./sql/', import.meta.url))
const LIST = sql('key-list')
const INSERT = sql('key-insert')
const DELETE = sql('key-delete')

const MODULUS_BITS = 2_048
/** Less than the lead, so that every instance knows a key before it signs. */
const FRESH_MS = KEY_LEAD_MS / 2

const generate = promisify(generateKeyPair)

export function keysOf({ database, clock, ids }: KeysParts): Keys {
  let known: { readonly keys: readonly SigningKey[]; readonly at: number } | undefined
  const load = async (isWanted: boolean): Promise<readonly SigningKey[]> => {
    const at = clock.now()
    let keys = await listed(database)
    const { next, ended } = keyPlan(keys, at, isWanted)
    for (const { generation } of ended) await database.query(DELETE, [generation])
    if (next !== undefined) {
      const kid = ids.next()
      const { generation, signsFrom } = next
      const jwk = JSON.stringify(await freshJwk(kid))
      await database.query(INSERT, [generation, kid, jwk, momentOf(signsFrom)])
      keys = await listed(database)
    }
    known = { keys, at }
    return keyPlan(keys, at).published
  }
  return {
    current: async () => {
      const now = clock.now()
      if (known !== undefined && now - known.at < FRESH_MS) return keyPlan(known.keys, now).published
      return await load(false)
    },
    rotate: () => load(true),
  }
}

async function listed(database: Queryable): Promise<readonly SigningKey[]> {
  const { rows } = await database.query(LIST)
  return rows.map((row) => ({
    generation: Number(row['generation']),
    kid: String(row['kid']),
    jwk: PrivateJwk.parse(row['jwk']),
    signsFrom: Number(row['signs_from']),
  }))
}

async function freshJwk(kid: string): Promise<PrivateJwk> {
  const { privateKey } = await generate('rsa', { modulusLength: MODULUS_BITS })
  return PrivateJwk.parse({ ...privateKey.export({ format: 'jwk' }), kid, alg: TOKEN_ALGORITHM, use: 'sig' })
}
