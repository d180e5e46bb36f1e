// An answer that cannot be packed (a BigInt in its output) was found out after the handler's effect had been kept: the
// operation was set aside, and its retry did the effect once more.
import { command, participant, saga, succeeded, type Pattern, type Schema } from '@ensemble/core'
import {
  manualClock,
  memoryDatabase,
  memoryEntries,
  memoryRows,
  seededIds,
  sharedMemoryBus,
} from '@ensemble/memory'
import {
  aggregate,
  createHost,
  implement,
  transaction,
  type Host,
  type Implementation,
} from '@ensemble/runtime'
import { expect, test } from 'vitest'

const Anything: Schema = {
  '~standard': { version: 1, vendor: 'test', validate: (value) => ({ value }) },
}
const shop = participant('shop', { sell: command({ input: Anything, output: Anything }) })
const sale = saga('sale', { version: 1, input: Anything })
  .retriable('sell', { run: shop.sell(() => ({})) })
  .end({ completed: () => null, compensated: () => null })

interface Sold {
  readonly key: string
  readonly count: number
}
const rows = memoryRows<Sold>({ name: 'sold', key: ({ key }) => key })
const entries = memoryEntries<{ readonly key: string }>({ name: 'sales' })
const sold = aggregate<Sold, Record<never, never>, { readonly key: string }>({ rows, entries })

/** The first answer cannot be packed, those of the retries can. */
const answers = () => {
  let tries = 0
  return () => succeeded((tries += 1) === 1 ? { total: 1n } : { total: 1 })
}

async function entriesAfter(implementation: Implementation, pattern: Pattern): Promise<readonly unknown[]> {
  const clock = manualClock(1_800_000_000_000)
  const bus = sharedMemoryBus({ partitions: 1 })
  const settings = { retry: { delayMsMin: 100, delayMsMax: 1_000, attemptsMax: 3 } }
  const at = { bus, clock, settings, plans: [sale], ids: seededIds(1) }
  const database = memoryDatabase({ name: 'shop', clock })
  const hosts: Host[] = [await createHost({ ...at, service: 'shop', database, implementation })]
  const desk = memoryDatabase({ name: 'desk', clock })
  hosts.push(await createHost({ ...at, service: 'desk', database: desk, starts: true, orchestrates: true }))
  const [, starter] = hosts
  const started = starter?.start(sale, { id: 'x', input: {}, pattern })
  await clock.advance(20_000)
  await started
  const status = starter?.status({ plan: 'sale', id: 'x' })
  await clock.advance(0)
  expect(await status).toMatchObject({ status: 'completed' })
  const stopped = Promise.all(hosts.map((host) => host.stop()))
  await clock.advance(1_000)
  await stopped
  return await entries.all(database)
}

const PATTERNS: readonly Pattern[] = ['orchestration', 'choreography']

test.each(PATTERNS)(
  'an aggregate whose answer cannot be packed changes its row once, %s',
  async (pattern) => {
    const answer = answers()
    const sell = sold.on(shop.sell, {
      key: () => 'a',
      decide: (state) => ({
        outcome: answer(),
        state: { key: 'a', count: (state?.count ?? 0) + 1 },
        entries: [{ key: 'a' }],
      }),
    })
    expect(await entriesAfter(implement(shop, { sell }), pattern)).toEqual([{ key: 'a' }])
  },
)

test.each(PATTERNS)(
  'a transaction handler whose answer cannot be packed writes once, %s',
  async (pattern) => {
    const answer = answers()
    const sell = transaction(shop.sell, {
      handle: async ({ tx }) => {
        await entries.append(tx, [{ key: 'a' }])
        return answer()
      },
    })
    expect(await entriesAfter(implement(shop, { sell }), pattern)).toEqual([{ key: 'a' }])
  },
)
