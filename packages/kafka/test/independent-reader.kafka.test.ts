// What is on the topics, as another client reads it: CloudEvents 1.0 in both modes, and the dead letters of a service.
import {
  command,
  participant,
  succeeded,
  type CommandMessage,
  type EventMessage,
  type Message,
  type Schema,
} from '@ensemble/core'
import { memoryDatabase } from '@ensemble/memory'
import { createHost, implement, outboxed, systemClock, systemIds, transaction } from '@ensemble/runtime'
import { kafkaTransport, type ContentMode, type KafkaOptions } from '@ensemble/kafka'
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

async function opened(given: Partial<KafkaOptions> = {}): Promise<KafkaWorld> {
  world = await kafkaWorld(given)
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
const AT = '2026-05-28T20:26:40.000Z'

async function sentIn(contentMode: ContentMode): Promise<readonly Found[]> {
  const { transport } = await opened({ contentMode })
  await transport.send([told, asked])
  return (await readByOthers('order.events', 2)).toSorted((a, b) => (a.key < b.key ? -1 : 1))
}

/** Required by CloudEvents 1.0, 3.1: non-empty texts; the version says which. */
function expectEvent(attributes: Readonly<Record<string, unknown>>): void {
  expect(attributes).toMatchObject({ specversion: '1.0' })
  for (const name of ['id', 'source', 'type']) expect(attributes[name]).toMatch(/./)
  expect(attributes['time']).toMatch(RFC3339)
  expect(() => new URL(String(attributes['source']), 'https://example.org')).not.toThrow()
}

test('every record is a valid CloudEvent in structured mode, and its data is the message', async () => {
  const found = await sentIn('structured')
  for (const { value } of found) expectEvent(value as Readonly<Record<string, unknown>>)
  const headers = { 'content-type': 'application/cloudevents+json; charset=UTF-8' }
  const shared = { specversion: '1.0', datacontenttype: 'application/json', time: AT }
  expect(found).toEqual([
    {
      key: 'o-1',
      value: { ...shared, id: told.id, source: '/order', type: 'order.opened', subject: 'o-1', data: told },
      headers: { ...headers, traceparent: TRACEPARENT },
    },
    {
      key: 'o-2',
      value: {
        ...shared,
        id: asked.id,
        source: '/ensemble',
        type: 'ensemble.command',
        subject: 'o-2',
        data: asked,
      },
      headers,
    },
  ])
})

test('every record is a valid CloudEvent in binary mode, where that is set', async () => {
  const found = await sentIn('binary')
  for (const { headers } of found) {
    const named = Object.entries(headers).map(([name, text]): [string, string] => [
      name.replace(/^ce_/, ''),
      text,
    ])
    const attributes: Record<string, string> = Object.fromEntries(named)
    expectEvent(attributes)
  }
  const shared = { ce_specversion: '1.0', ce_time: AT, 'content-type': 'application/json' }
  expect(found).toEqual([
    {
      key: 'o-1',
      value: told,
      headers: {
        ...shared,
        ce_id: 'o-1#answer',
        ce_source: '/order',
        ce_type: 'order.opened',
        ce_subject: 'o-1',
        traceparent: TRACEPARENT,
      },
    },
    {
      key: 'o-2',
      value: asked,
      headers: {
        ...shared,
        ce_id: 'order.place/o-2/openOrder/run#0',
        ce_source: '/ensemble',
        ce_type: 'ensemble.command',
        ce_subject: 'o-2',
      },
    },
  ])
})

test('a reader takes both modes, as they come while instances change', async () => {
  const { transport, options } = await opened({ partitions: 1 })
  const before = kafkaTransport({ ...options, contentMode: 'binary' })
  stack.push(() => before.close())
  await before.send([told])
  await transport.send([asked])
  const reader = await transport.subscribe({ group: 'g', topics: ['order.events'] })
  const got: Message[] = []
  await vi.waitFor(async () => {
    const delivery = await reader.take(9)
    for (const one of delivery?.messages ?? []) if (one.ok) got.push(one.message)
    expect(got).toEqual([told, asked])
  }, SOON)
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
    value: {
      type: 'shop.dead-letter',
      source: '/shop',
      data: { data: { topic: 'shop.commands', reason: 'UNDECODABLE', text: 'no { json' } },
    },
  })
})
