// A host that begins its sagas itself gave the plan the schema's own values for the first step, a Date, say, and what
// JSON makes of them for every later one.
import { expect, test } from 'vitest'
import { command, participant, saga, succeeded, type Plan } from '@ensemble/core'
import { manualClock, memoryDatabase, memoryRows, sharedMemoryBus } from '@ensemble/memory'
import { aggregate, createHost, implement } from '@ensemble/runtime'
import { z } from 'zod'

const Named = z.object({ key: z.string(), step: z.string() })
const shop = participant('shop', { finish: command({ input: Named, event: 'finished' }) })
const thing = aggregate({
  rows: memoryRows<{ readonly key: string }>({ name: 'thing', key: ({ key }) => key }),
})
const implementation = implement(shop, {
  finish: thing.on(shop.finish, { key: ({ key }) => key, decide: () => ({ outcome: succeeded() }) }),
})

const Input = z.object({ key: z.string(), at: z.coerce.date() })

test.each([true, false])(
  'given an input that is no JSON, then every step sees it as JSON (own: %s)',
  async (isOwn) => {
    const seen: string[] = []
    const look = (input: { readonly key: string; readonly at: unknown }, step: string) => {
      seen.push(typeof input.at)
      return { key: input.key, step }
    }
    const plan: Plan<z.infer<typeof Input>> = saga('dated', { version: 1, input: Input })
      .retriable('s1', { run: shop.finish(({ input }) => look(input, 's1')) })
      .retriable('s2', { run: shop.finish(({ input }) => look(input, 's2')) })
      .end()
    const clock = manualClock(1_800_000_000_000)
    const at = { bus: sharedMemoryBus({ partitions: 1 }), clock, plans: [plan] }
    const database = (name: string) => memoryDatabase({ name, clock })
    const desk = await createHost({
      ...at,
      service: 'desk',
      database: database('desk'),
      starts: true,
      orchestrates: isOwn,
    })
    const hosts = [
      desk,
      await createHost({
        ...at,
        service: 'shop',
        database: database('shop'),
        implementation,
      }),
      ...(isOwn
        ? []
        : [await createHost({ ...at, service: 'o', database: database('o'), orchestrates: true })]),
    ]
    const started = desk.start(plan, { id: 'x', input: { key: 'x', at: new Date(0) } })
    await clock.advance(10_000)
    await started
    expect(seen).toEqual(['string', 'string'])
    const stopped = Promise.all(hosts.map((host) => host.stop()))
    await clock.advance(5_000)
    await stopped
  },
)
