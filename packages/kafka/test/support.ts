// Owns: what the tests on a real broker share: a transport of its own prefix, so that tests never meet.
import { randomBytes } from 'node:crypto'
import type { EventMessage } from '@ensemble/core'
import { Admin, Producer, stringSerializers } from '@platformatic/kafka'
import type { TransportWorld } from '@ensemble/testing'
import { kafkaTransport, type KafkaOptions, type KafkaTransport } from '@ensemble/kafka'
import { findCluster, type BrokerCluster } from '@ensemble/kafka/broker'
import type { Delivered, Subscription } from '@ensemble/runtime'
import { expect, vi } from 'vitest'

export const BROKERS = (process.env['KAFKA_BROKERS'] ?? '').split(',')

/** Short, so that a test sees within seconds what takes longer in production. */
export const FAST = { sessionTimeoutMs: 2_000, heartbeatMs: 100, partitions: 4 } as const

const TOPICS = ['first.events', 'second.events'] as const

export interface KafkaWorld extends TransportWorld {
  readonly transport: KafkaTransport
  readonly options: KafkaOptions & { readonly prefix: string }
  readonly admin: Admin
}

/** The cluster, where these tests may stop its brokers; undefined on brokers that somebody else runs. */
async function ownCluster(): Promise<BrokerCluster | undefined> {
  const directory = process.env['ENSEMBLE_KAFKA_DIRECTORY']
  return directory === undefined ? undefined : await findCluster(directory)
}

async function killAndRestart(cluster: BrokerCluster): Promise<void> {
  for (const { id } of await cluster.status()) await cluster.kill(id)
  await cluster.start()
}

function freshPrefix(): string {
  return `t${randomBytes(4).toString('hex')}.`
}

export async function kafkaWorld(given: Partial<KafkaOptions> = {}): Promise<KafkaWorld> {
  const options = { brokers: BROKERS, ...FAST, prefix: freshPrefix(), ...given }
  const client = { clientId: 'test', bootstrapBrokers: [...options.brokers] }
  const transport = kafkaTransport(options)
  const producer = new Producer({ ...client, serializers: stringSerializers })
  const admin = new Admin(client)
  const cluster = await ownCluster()
  return {
    transport,
    options,
    admin,
    topics: TOPICS,
    raw: async ({ topic, key, text }) => {
      await producer.send({ messages: [{ topic: `${options.prefix}${topic}`, key, value: text }], acks: -1 })
    },
    ...(cluster !== undefined && { restart: () => killAndRestart(cluster) }),
    expire: async () => {
      for (const groupId of [`${options.prefix}g`]) await admin.removeMembersFromConsumerGroup({ groupId })
    },
    close: async () => {
      await transport.close()
      await producer.close()
      await admin.close()
    },
  }
}

export function event(id: string, at: { readonly topic: string; readonly key: string }): EventMessage {
  return {
    ...at,
    type: 'event',
    id,
    name: 'order.opened',
    source: 'order',
    at: 1_780_000_000_000,
    data: { id },
    saga: null,
    operation: null,
    answer: null,
    slip: null,
    again: 0,
  }
}

export const SOON = { timeout: 20_000, interval: 20 }

export const idOf = (one: Delivered): string => (one.ok ? one.message.id : one.reason)

/** Takes and finishes until these came, in this order. */
export async function expectIds(reader: Subscription, ids: readonly string[]): Promise<void> {
  const got: string[] = []
  await vi.waitFor(async () => {
    const delivery = await reader.take(100)
    got.push(...(delivery?.messages ?? []).map(idOf))
    await delivery?.done()
    expect(got).toEqual(ids)
  }, SOON)
}
