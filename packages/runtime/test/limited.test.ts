// Scenes: hosts of one process that take turns.
import { manualClock } from '@ensemble/memory'
import { expect, it } from 'vitest'
import { limited, type Bus, type Database, type Link } from '@ensemble/runtime'

/** A link whose batches end when they are told to. */
function slowBus() {
  const begun: string[] = []
  const ends = new Map<string, { readonly done: (count: number) => void; readonly fails: () => void }>()
  const linkOf = (service: string): Link => ({
    tellsAll: true,
    transaction: async (work) => (await work({} as never)).value,
    receive: () =>
      new Promise((resolve, reject) => {
        begun.push(service)
        ends.set(service, { done: resolve, fails: () => reject(new Error(service)) })
      }),
    put: async () => undefined,
    relay: async () => 7,
    onNews: () => undefined,
    close: async () => undefined,
  })
  const bus: Bus = { connect: async ({ service }) => linkOf(service) }
  return { bus, begun, ends }
}

const NO_DATABASE = {} as Database
const NOTHING = async () => []

async function turns(): Promise<void> {
  for (let turn = 0; turn < 20; turn += 1) await Promise.resolve()
}

it('lets as many batches begin as it may, then the next in the order of their coming', async () => {
  const { bus, begun, ends } = slowBus()
  const shared = limited(bus, { batchesMax: 2 })
  const services = ['a', 'b', 'c', 'd']
  const links = await Promise.all(
    services.map((service) => shared.connect({ service, database: NO_DATABASE, topics: [] })),
  )
  const counts = links.map((link) => link.receive(10, NOTHING).catch((error: unknown) => error))
  await turns()
  expect(begun).toEqual(['a', 'b'])
  ends.get('b')?.fails()
  await turns()
  expect(begun).toEqual(['a', 'b', 'c'])
  ends.get('a')?.done(3)
  await turns()
  expect(begun).toEqual(['a', 'b', 'c', 'd'])
  ends.get('c')?.done(0)
  ends.get('d')?.done(1)
  expect(await Promise.all(counts)).toEqual([3, new Error('b'), 0, 1])
})

it('lets one more begin while batches are large', async () => {
  const { bus, begun, ends } = slowBus()
  const shared = limited(bus, { batchesMax: 1 })
  const linkOf = (service: string) => shared.connect({ service, database: NO_DATABASE, topics: [] })
  const links = [await linkOf('a'), await linkOf('b'), await linkOf('c')]
  /** Who begins when all of them want to, at batches of so many. */
  const beginning = async (count: number): Promise<readonly string[]> => {
    begun.length = 0
    const received = links.map((link) => link.receive(100, NOTHING))
    await turns()
    const first = [...begun]
    for (const service of ['a', 'b', 'c']) {
      ends.get(service)?.done(count)
      await turns()
    }
    await Promise.all(received)
    return first
  }
  for (let n = 0; n < 10; n += 1) await beginning(60)
  expect(await beginning(60)).toEqual(['a', 'b'])
  for (let n = 0; n < 10; n += 1) await beginning(5)
  expect(await beginning(5)).toEqual(['a'])
})

it('gives the turn of a batch that takes long to whoever waits', async () => {
  const clock = manualClock(1_000_000)
  const { bus, begun, ends } = slowBus()
  const shared = limited(bus, { batchesMax: 1, clock })
  const links = await Promise.all(
    ['a', 'b', 'c'].map((service) => shared.connect({ service, database: NO_DATABASE, topics: [] })),
  )
  const counts = links.map((link) => link.receive(10, NOTHING))
  await clock.advance(900)
  expect(begun).toEqual(['a'])
  await clock.advance(400)
  expect(begun).toEqual(['a', 'b'])
  // It gives nothing back a second time.
  ends.get('a')?.done(1)
  await turns()
  expect(begun).toEqual(['a', 'b'])
  ends.get('b')?.done(2)
  await turns()
  ends.get('c')?.done(3)
  expect(await Promise.all(counts)).toEqual([1, 2, 3])
  await clock.advance(1_000)
})

it('hands on everything else', async () => {
  const { bus } = slowBus()
  const link = await limited(bus, { batchesMax: 1 }).connect({
    service: 'a',
    database: NO_DATABASE,
    topics: [],
  })
  expect([link.tellsAll, await link.relay()]).toEqual([true, 7])
  expect(await link.transaction(async () => ({ value: 'done', messages: [] }))).toBe('done')
})

it.each([0, 1.5, Number.NaN])('refuses %d batches', (batchesMax) => {
  expect(() => limited(slowBus().bus, { batchesMax })).toThrow('batchesMax: a whole number of 1 or more')
})
