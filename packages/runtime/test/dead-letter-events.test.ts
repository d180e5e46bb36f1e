// A dead letter is a row and an event on the service's own topic, in one transaction, on every bus.
import type { EventMessage } from '@ensemble/core'
import { manualClock, memoryBus, memoryDatabase, seededIds, sharedMemoryBus } from '@ensemble/memory'
import { createHost, outboxed, type Bus } from '@ensemble/runtime'
import { describe, expect, it } from 'vitest'
import { bury } from '../src/bury.ts'
import { implementationOf, newScript } from './services.ts'
import { T0 } from './world.ts'

interface Ground {
  readonly bus: Bus
  readonly raw: (what: { topic: string; key: string; text: string }) => void
}

const GROUNDS: readonly (readonly [string, () => Ground])[] = [
  [
    'in the database',
    () => {
      const bus = sharedMemoryBus({ partitions: 1 })
      return { bus, raw: (what) => bus.raw(what) }
    },
  ],
  [
    'elsewhere',
    () => {
      const transport = memoryBus({ partitions: 1 })
      return { bus: outboxed(transport, seededIds(2)), raw: (what) => transport.raw(what) }
    },
  ],
]

describe.each(GROUNDS)('a bus %s', (_, open) => {
  it('carries what a service could not decode to whoever watches its dead letters', async () => {
    const clock = manualClock(T0)
    const { bus, raw } = open()
    const told: EventMessage[] = []
    const database = memoryDatabase({ name: 'a', clock })
    const at = { clock, bus, ids: seededIds(1) }
    const hosts = [
      await createHost({ ...at, service: 'a', database, implementation: implementationOf('a', newScript()) }),
      await createHost({
        ...at,
        service: 'watcher',
        database: memoryDatabase({ name: 'watcher', clock }),
        observer: {
          topics: ['a.dead-letters'],
          record: async (_tx, messages) => void told.push(...(messages as EventMessage[])),
        },
      }),
    ]
    raw({ topic: 'a.commands', key: 'k', text: 'no { json' })
    await clock.advance(1_000)
    const [row, ...others] = await database.stores.deadLetters.list(database, 10)
    expect([row?.reason, row?.text, others]).toEqual(['UNDECODABLE', 'no { json', []])
    expect(told).toEqual([
      {
        type: 'event',
        id: 'a!a.commands/0/0',
        topic: 'a.dead-letters',
        key: 'a.commands/0/0',
        name: 'a.dead-letter',
        source: 'a',
        at: told[0]?.at,
        data: {
          id: 'a.commands/0/0',
          topic: 'a.commands',
          reason: 'UNDECODABLE',
          detail: 'not a JSON array of messages',
          text: 'no { json',
        },
        saga: null,
        operation: null,
        answer: null,
        slip: null,
        again: 0,
      },
    ])
    const stopped = Promise.all(hosts.map((host) => host.stop()))
    await clock.advance(5_000)
    await stopped
  })
})

it('the event of a letter that is too long for a bus has its beginning', async () => {
  const database = memoryDatabase({ name: 'a', clock: manualClock(T0) })
  const text = 'x'.repeat(100_001)
  const letter = { id: 'l', topic: 't', reason: 'UNHANDLED', detail: 'd', text }
  const [event] = await database.transaction(async (tx) =>
    bury(tx, [letter], { service: 'a', stores: database.stores }),
  )
  const [row] = await database.stores.deadLetters.list(database, 1)
  expect(row?.text).toBe(text)
  expect(event).toMatchObject({ data: { text: text.slice(1) } })
})
