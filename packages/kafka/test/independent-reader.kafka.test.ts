// What is on the topics, as another client reads it: CloudEvents 1.0 in binary mode, and the dead letters of a service.
import {
  command,
  participant,
  succeeded,
  type CommandMessage,
  type EventMessage,
  type Schema,
} from '@ensemble/core'
import { memoryDatabase } from '@ensemble/memory'
import { createHost, implement, outboxed, systemClock, systemIds, transaction } from '@ensemble/runtime'
import { Kafka, logLevel, type IHeaders } from 'kafkajs'
import { afterEach, expect, test, vi } from 'vitest'
import { BROKERS, event, kafkaWorld, type KafkaWorld } from './support.ts'

const SOON = { timeout: 30_000, interval: 50 }
const RFC3339 = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z$/
const TRACEPARENT = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01'

interface Found {
  readonly key: string
  readonly headers: Readonly<Record<string, string>>
  readonly value: unknown
}

let world: KafkaWorld
const stack: (() => Promise<unknown>)[] = []
afterEach(async () => {
  for (const close of stack.splice(0).toReversed()) await close()
})

async function opened(): Promise<KafkaWorld> {
  world = await kafkaWorld()
  stack.push(() => world.close())
  return world
}

function textsOf(headers: IHeaders = {}): Record<string, string> {
  return Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, String(value)]))
}

/** `count` records of a topic, read by a client that knows nothing of ours. */
async function readByOthers(topic: string, count: number): Promise<readonly Found[]> {
  const kafka = new Kafka({ clientId: 'other', brokers: BROKERS, logLevel: logLevel.NOTHING })
  const consumer = kafka.consumer({ groupId: `${world.options.prefix}other.${topic}`, sessionTimeout: 6_000 })
  const found: Found[] = []
  await vi.waitFor(async () => {
    expect(await world.admin.listTopics()).toContain(`${world.options.prefix}${topic}`)
  }, SOON)
  await consumer.connect()
  try {
    await consumer.subscribe({ topic: `${world.options.prefix}${topic}`, fromBeginning: true })
    await consumer.run({
      eachMessage: async ({ message: { key, value, headers } }) => {
        const parsed: unknown = JSON.parse(String(value))
        found.push({ key: String(key), headers: textsOf(headers), value: parsed })
      },
    })
    await vi.waitFor(() => expect(found.length).toBeGreaterThanOrEqual(count), SOON)
  } finally {
    await consumer.disconnect()
  }
  return found
}

test('every record is a valid CloudEvent in binary mode, and its data is the message', async () => {
  const { transport } = await opened()
  const told: EventMessage & { traceparent: string } = {
    ...event('o-1#answer', { topic: 'order.events', key: 'o-1' }),
    traceparent: TRACEPARENT,
  }
  const asked: CommandMessage = {
    type: 'command',
    id: 'order.place/o-2/openOrder/run#0',
    topic: 'order.events',
    key: 'o-2',
    saga: { plan: 'order.place', id: 'o-2', pattern: 'orchestration' },
    plan: { version: 1, fingerprint: 'f' },
    ask: {
      operation: 'order.place/o-2/openOrder/run',
      step: 'openOrder',
      kind: 'compensatable',
      direction: 'run',
      participant: 'order',
      request: 'open',
      contract: 1,
      input: { name: 'ünïcode' },
      deadline: null,
      issuedAt: 1_780_000_000_000,
    },
  }
  await transport.send([told, asked])
  const found = (await readByOthers('order.events', 2)).toSorted((a, b) => (a.key < b.key ? -1 : 1))
  for (const { headers } of found) {
    // Required by CloudEvents 1.0, 3.1: non-empty texts; the version says which.
    expect(headers).toMatchObject({ ce_specversion: '1.0', 'content-type': 'application/json' })
    for (const name of ['ce_id', 'ce_source', 'ce_type']) expect(headers[name]).toMatch(/./)
    expect(headers['ce_time']).toMatch(RFC3339)
    expect(() => new URL(headers['ce_source'] ?? '', 'https://example.org')).not.toThrow()
  }
  expect(found).toEqual([
    {
      key: 'o-1',
      value: told,
      headers: {
        ce_specversion: '1.0',
        ce_id: 'o-1#answer',
        ce_source: '/order',
        ce_type: 'order.opened',
        ce_subject: 'o-1',
        ce_time: '2026-05-28T20:26:40.000Z',
        'content-type': 'application/json',
        traceparent: TRACEPARENT,
      },
    },
    {
      key: 'o-2',
      value: asked,
      headers: {
        ce_specversion: '1.0',
        ce_id: 'order.place/o-2/openOrder/run#0',
        ce_source: '/ensemble',
        ce_type: 'ensemble.command',
        ce_subject: 'o-2',
        ce_time: '2026-05-28T20:26:40.000Z',
        'content-type': 'application/json',
      },
    },
  ])
})

const Anything: Schema = {
  '~standard': { version: 1, vendor: 'test', validate: (value) => ({ value }) },
}
const shop = participant('shop', { sell: command({ input: Anything, output: Anything }) })

test('what a service cannot decode is on its topic of dead letters', async () => {
  const { transport, raw } = await opened()
  const database = memoryDatabase({ name: 'shop', clock: systemClock })
  const host = await createHost({
    service: 'shop',
    database,
    bus: outboxed(transport, systemIds(systemClock)),
    implementation: implement(shop, {
      sell: transaction(shop.sell, { handle: async () => succeeded({}) }),
    }),
  })
  stack.push(() => host.stop())
  await raw({ topic: 'shop.commands', key: 'k', text: 'no { json' })
  await vi.waitFor(async () => {
    expect(await database.stores.deadLetters.list(database, 9)).toHaveLength(1)
  }, SOON)
  const [letter] = await readByOthers('shop.dead-letters', 1)
  expect(letter).toMatchObject({
    headers: { ce_type: 'shop.dead-letter', ce_source: '/shop' },
    value: { data: { topic: 'shop.commands', reason: 'UNDECODABLE', text: 'no { json' } },
  })
})
