// An event that a service followed also carried the slip that asked this service for the next step. What that step
// stored was refused by a constraint, so the event was buried, and with it what was to follow it. Orchestrated, the
// command was buried and the event was followed: the patterns left different rows. Found by the simulator.
import { command, eventNames, participant, PATTERNS, saga, succeeded, type Schema } from '@ensemble/core'
import {
  manualClock,
  memoryDatabase,
  memoryEntries,
  memoryRows,
  seededIds,
  sharedMemoryBus,
} from '@ensemble/memory'
import { aggregate, createHost, implement, type Rows } from '@ensemble/runtime'
import { expect, test } from 'vitest'

interface Order {
  readonly key: string
}
const Ordered: Schema<Order> = {
  '~standard': { version: 1, vendor: 'test', validate: (value) => ({ value: value as Order }) },
}
const shop = participant('shop', {
  reserve: command({ input: Ordered, event: 'reserved' }),
  release: command({ input: Ordered }),
  pack: command({ input: Ordered, rejections: { no: Ordered } }),
})
const sale = saga('sale', { version: 1, input: Ordered })
  .compensatable('reserve', {
    run: shop.reserve(({ input }) => input),
    undo: shop.release(({ input }) => input),
  })
  .pivot('pack', { run: shop.pack(({ input }) => input) })
  .end({ completed: () => null, compensated: ({ because }) => because.reason })

const key = ({ key: own }: Order): string => own
const refusing: Rows<Order> = {
  ...memoryRows<Order>({ name: 'parcels', key }),
  insert: () => Promise.reject(Object.assign(new Error('a constraint refuses the row'), { code: 'SQL' })),
}
const orders = aggregate({ rows: memoryRows<Order>({ name: 'orders', key }) })
const parcels = aggregate({ rows: refusing })
const bell = memoryEntries<{ readonly operation: string }>({ name: 'bell' })
const rung = aggregate<Order, Record<never, never>, { readonly operation: string }>({
  rows: memoryRows<Order>({ name: 'rung', key }),
  entries: bell,
})
const rule = { key, decide: (_state: unknown, order: Order) => ({ outcome: succeeded(), state: order }) }
const implementation = implement(
  shop,
  {
    reserve: orders.on(shop.reserve, rule),
    release: orders.on(shop.release, rule),
    pack: parcels.on(shop.pack, rule),
  },
  {
    follows: [
      rung.follow(eventNames.succeeded(shop.reserve), Ordered, {
        key: () => 'all',
        decide: (_state, _event, { operation }) => ({
          outcome: succeeded(),
          state: { key: 'all' },
          entries: [{ operation }],
        }),
      }),
    ],
  },
)

test.each(PATTERNS)(
  'an event is followed although the run that it asks for is buried, %s',
  async (pattern) => {
    const clock = manualClock(1_800_000_000_000)
    const bus = sharedMemoryBus()
    const database = memoryDatabase({ name: 'shop', clock })
    const settings = { pollMs: 500, sweepMs: 500, batchCountMax: 8 }
    const more = { bus, clock, plans: [sale], settings, pattern }
    const hosts = [
      await createHost({
        ...more,
        service: 'shop',
        database,
        ids: seededIds(1),
        implementation,
        starts: true,
      }),
      await createHost({
        ...more,
        service: 'orchestrator',
        database: memoryDatabase({ name: 'orchestrator', clock }),
        ids: seededIds(2),
        orchestrates: true,
      }),
    ]
    const [host] = hosts
    const started = host?.start(sale, { id: '1', input: { key: 'a' }, pattern })
    await clock.advance(30_000)
    await started
    const status = host?.status({ plan: 'sale', id: '1' })
    const letters = database.stores.deadLetters.list(database, 10)
    const entries = database.transaction((tx) => bell.all(tx))
    await clock.advance(0)
    expect([(await status)?.status, (await letters).map(({ reason }) => reason)]).toEqual([
      'compensated',
      ['UNHANDLED'],
    ])
    expect(await entries).toEqual([{ operation: 'sale/1/reserve/run#answer>shop/rung' }])
    const stopped = Promise.all(hosts.map((one) => one.stop()))
    await clock.advance(5_000)
    await stopped
  },
)
