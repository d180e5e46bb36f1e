// A withdraw that met an older program, which did not know the plan, was asked of the handler's own rule first: what
// that wrote stayed, although nothing could be decided, and was written again with each retry. Found by the simulator
// (two versions of a plan in one run, and a held operation in SQL).
import { command, deferred, participant, saga, succeeded, type Plan, type Schema } from '@ensemble/core'
import { manualClock, memoryDatabase, memoryEntries, seededIds, sharedMemoryBus } from '@ensemble/memory'
import { createHost, implement, transaction, type Host } from '@ensemble/runtime'
import { expect, test } from 'vitest'

interface Order {
  readonly key: string
}
const Ordered: Schema<Order> = {
  '~standard': { version: 1, vendor: 'test', validate: (value) => ({ value: value as Order }) },
}
const till = participant('till', { collect: command({ input: Ordered, deferred: true }) })
const planOf = (version: number): Plan<Order> =>
  saga('sale', { version, input: Ordered })
    .pivot(`collect${version}`, { run: till.collect(({ input }) => input) })
    .end({ completed: () => null, compensated: () => null })
const [first, second] = [planOf(1), planOf(2)]

test('given a withdraw that an older program cannot decide, then its rule has written nothing', async () => {
  const clock = manualClock(1_800_000_000_000)
  const [bus, database] = [sharedMemoryBus(), memoryDatabase({ name: 'till', clock })]
  const book = memoryEntries<{ readonly withdrawn: string }>({ name: 'book' })
  const collect = transaction(till.collect, {
    handle: async ({ now }) => deferred({ until: now + 3_600_000 }),
    withdraw: async ({ tx, operation }) => {
      await book.append(tx, [{ withdrawn: operation }])
      return succeeded()
    },
  })
  const program = (plans: readonly Plan[]): Promise<Host> =>
    createHost({
      service: 'till',
      database,
      bus,
      clock,
      ids: seededIds(1),
      plans,
      implementation: implement(till, { collect }),
      starts: true,
      pattern: 'choreography',
      settings: { retry: { delayMsMin: 1_000, delayMsMax: 10_000, attemptsMax: 5 } },
    })
  const during = async (plans: readonly Plan[], work: (host: Host) => Promise<unknown>): Promise<void> => {
    const host = await program(plans)
    const done = work(host)
    await clock.advance(400)
    await done
    await clock.advance(5_000)
    const stopped = host.stop()
    await clock.advance(5_000)
    await stopped
  }
  const sale = { plan: 'sale', id: '1' }
  await during([first, second], (host) => host.start(second, { id: '1', input: { key: 'a' } }))
  await during([first], (host) => host.cancel(sale, { reason: 'changed my mind', by: 'customer' }))
  const written = async (): Promise<readonly unknown[]> => await book.all(database)
  expect(await written()).toEqual([])
  await during([first, second], async (host) => {
    await clock.advance(30_000)
    const status = host.status(sale)
    await clock.advance(0)
    expect((await status)?.status).toBe('completed')
  })
  expect(await written()).toEqual([{ withdrawn: 'sale/1/collect2/run' }])
})
