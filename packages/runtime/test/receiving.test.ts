// Scenes: how many batches a host handles at a time.
import { expect, it } from 'vitest'
import { manualClock, memoryDatabase, seededIds, sharedMemoryBus } from '@ensemble/memory'
import { createHost, type Bus, type HostOptions } from '@ensemble/runtime'
import { implementationOf, newScript, planOf } from './services.ts'
import { T0 } from './world.ts'

type How = number | Error

/** A host whose batches end when they are told to, on a bus that says when there is enough for two. */
async function scene(options: Partial<HostOptions> = {}) {
  const clock = manualClock(T0)
  const ends: ((how: How) => void)[] = []
  let more: (() => void) | undefined
  const shared = sharedMemoryBus({})
  const bus: Bus = {
    connect: async (what) => ({
      ...(await shared.connect(what)),
      onNews: (_news, callback) => {
        more = callback
      },
      receive: async () => {
        const how = await new Promise<How>((resolve) => ends.push(resolve))
        if (typeof how === 'number') return how
        throw how
      },
    }),
  }
  const host = await createHost({
    service: 'a',
    database: memoryDatabase({ name: 'a', clock }),
    bus,
    clock,
    ids: seededIds(1),
    plans: [planOf('sale', [{ kind: 'retriable' }])],
    orchestrates: true,
    // What was found is not all: the next batch begins at once.
    settings: { batchCountMax: 1 },
    ...options,
  })
  await clock.advance(1)
  return {
    begun: async (): Promise<number> => {
      more?.()
      await clock.advance(1)
      return ends.length
    },
    end: async (how: How): Promise<void> => {
      ends.shift()?.(how)
      // Longer than the host waits after a failure.
      await clock.advance(100)
    },
    more,
    stop: async (): Promise<void> => {
      const stopped = host.stop()
      for (const end of ends.splice(0)) end(0)
      await clock.advance(1)
      await stopped
    },
  }
}

it('handles the first batch alone, then two at a time when the bus has enough for both', async () => {
  const { begun, end, stop } = await scene()
  expect(await begun()).toBe(1)
  await end(1)
  expect(await begun()).toBe(2)
  expect(await begun()).toBe(2)
  await stop()
})

it.each([
  { name: 'a race', code: 'MOVED', count: 200 },
  { name: 'another failure', code: 'SQL', count: 50 },
])('handles one at a time after $name, until $count have gone well', async ({ code, count }) => {
  const { begun, end, stop } = await scene()
  await end(1)
  await end(Object.assign(new Error('failed'), { code }))
  for (let well = 1; well < count; well += 1) await end(1)
  const counts = [await begun()]
  await end(1)
  expect([...counts, await begun()]).toEqual([1, 2])
  await stop()
})

it.each([
  { name: 'it observes', observer: { topics: ['history'], record: async (): Promise<void> => undefined } },
  { name: 'its handlers have SQL of their own', implementation: implementationOf('a', newScript()) },
])('handles one at a time where $name', async (options) => {
  const { begun, end, more, stop } = await scene(options)
  await end(1)
  expect([more, await begun()]).toEqual([undefined, 1])
  await stop()
})

it('begins none once it stops', async () => {
  const { begun, end, stop } = await scene()
  await end(1)
  await stop()
  expect(await begun()).toBe(0)
})
