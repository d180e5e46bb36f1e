// Owns: running the conformance suite of databases at each level of isolation, where every third COMMIT answers
// 40001, and on the CockroachDB server that COCKROACH_URL names.
import type { Transaction } from '@ensemble/runtime'
import { databaseConformance } from '@ensemble/testing'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { PROFILES } from '../src/index.ts'
import type { DatabaseOptions, Isolation } from '../src/index.ts'
import type { EngineDatabase } from '../src/engine.ts'
import { engineKit, operation } from './engine-kit.ts'
import type { Kit } from './engine-kit.ts'
import { signal } from './support.ts'
import { empty, makeThings, thingEntries, things } from './things.ts'
import { wireTo } from './wire.ts'
import type { Wire } from './wire.ts'

const { COCKROACH_URL = '' } = process.env

interface Ground {
  readonly name: string
  readonly open: () => Promise<Kit>
  readonly options?: (kit: Kit) => Promise<Partial<DatabaseOptions>>
}

/** Registers the suite; the answer gives its database in a scene. */
function suiteOn({ name, open, options = async () => ({}) }: Ground): () => EngineDatabase {
  let kit: Kit
  let database: EngineDatabase
  beforeAll(async () => {
    kit = await open()
    await makeThings(kit.database)
    database = await kit.open(await options(kit))
  })
  afterAll(() => kit.end())

  databaseConformance({
    name,
    open: async () => {
      await empty(kit.database)
      return {
        database,
        rows: things,
        entries: thingEntries,
        committedEntries: async () => {
          const { rows } = await kit.database.query('SELECT e.thing_id, e.amount FROM thing_entry AS e')
          return rows.map((row) => ({ thingId: String(row['thing_id']), amount: Number(row['amount']) }))
        },
        close: async () => undefined,
      }
    },
  })
  return () => database
}

const LEVELS: readonly (readonly [Isolation, number])[] = [
  ['read committed', 3],
  ['repeatable read', 4],
  ['serializable', 4],
]

describe.each(LEVELS)('%s', (isolation, begins) => {
  const database = suiteOn({
    name: `engineDatabase at ${isolation}`,
    open: () => engineKit(`conformance ${isolation}`),
    options: async () => ({ isolation }),
  })

  test('two that change one row: the second waits, and begins again where the level says 40001', async () => {
    const { operations } = database().stores
    const before = database().counted()['BEGIN'] ?? 0
    await database().transaction((tx) => operations.insert(tx, [operation('o1')]))
    const [isLoaded, hasBegun] = [signal(), signal()]
    const raise = async (tx: Transaction, between: () => Promise<void>): Promise<void> => {
      const rows = await operations.load(tx, { ids: ['o1'], deferredOf: [] })
      await between()
      const raised = rows.map((row) => ({ ...row, again: row.again + 1 }))
      await operations.update(tx, raised)
    }
    const first = database().transaction((tx) =>
      raise(tx, async () => {
        isLoaded.raise()
        await hasBegun.raised
      }),
    )
    await isLoaded.raised
    const second = database().transaction(async (tx) => {
      hasBegun.raise()
      await raise(tx, async () => undefined)
    })
    await Promise.all([first, second])
    const counted = (database().counted()['BEGIN'] ?? 0) - before
    const [row] = await database().transaction((tx) => operations.load(tx, { ids: ['o1'], deferredOf: [] }))
    expect({ counted, again: row?.again }).toEqual({ counted: begins, again: 2 })
  })
})

describe('40001', () => {
  let wire: Wire
  let commits = 0
  afterAll(() => wire.close())

  suiteOn({
    name: 'engineDatabase that is told 40001 at every third COMMIT',
    open: () => engineKit('conformance retried'),
    options: async ({ url }) => {
      wire = await wireTo(url)
      wire.arm((name) => {
        if (name !== 'COMMIT') return undefined
        commits += 1
        // Oftener, one of three at a time could use up its tries.
        return commits % 3 === 1 ? { kind: 'roll back', sqlState: '40001' } : undefined
      })
      return { url: wire.url }
    },
  })

  test('was told so', () => {
    expect(commits).toBeGreaterThan(100)
  })
})

describe.skipIf(COCKROACH_URL === '')('CockroachDB, where COCKROACH_URL names a server', () => {
  const database = suiteOn({
    name: 'engineDatabase',
    open: () => engineKit('conformance', COCKROACH_URL),
  })

  test('is told from PostgreSQL', () => {
    expect({ ...database().profile, version: 0 }).toEqual({ ...PROFILES.cockroach, version: 0 })
  })
})
