// Owns: what outlives every process of the system: the providers' books, and what has happened once already.
// I1: each word is a statement of its own on a connection of its own: no transaction of the engine takes it back.
// I2: the carrier knows its callers by their keys; the courier does what it is asked as often as it is asked.
import { sqlFolder, type Queryable } from '@ensemble/postgres'
import type { Probe } from '../tripwire/probe.ts'

const sql = sqlFolder(new URL('./sql/', import.meta.url))
const DEED_DO = sql('deed_do')
const DEED_DO_AGAIN = sql('deed_do_again')
const DEED_VOID = sql('deed_void')
const ONCE_TAKE = sql('once_take')

export type Provider = 'carrier' | 'courier'

export interface World {
  /** Asks a provider for something; `reference` is the key of the call. */
  ask(provider: Provider, reference: string): Promise<void>
  /** Asks a provider to void what was asked under this reference, whether it was done or not. */
  voids(provider: Provider, reference: string): Promise<void>
  /** True the first time in the life of the system, whatever has died since. */
  isFirst(what: string): Promise<boolean>
}

export function worldIn(database: Queryable, probe: Probe): World {
  const asked = { carrier: DEED_DO, courier: DEED_DO_AGAIN }
  return {
    ask: async (provider, reference) => {
      await probe.call('provider.ask', () => database.query(asked[provider], [provider, reference]))
    },
    voids: async (provider, reference) => {
      await probe.call('provider.void', () => database.query(DEED_VOID, [provider, reference]))
    },
    isFirst: async (what) => (await database.query(ONCE_TAKE, [what])).rows.length > 0,
  }
}
