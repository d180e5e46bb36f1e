// Owns: the bus on Kafka as the runtime wants it: sending, subscribing, and what an operator asks of it.
// I1: closing ends every client that was opened here, subscriptions first.
import { Admin, ListOffsetTimestamps } from '@platformatic/kafka'
import { systemClock, systemIds } from '@ensemble/runtime'
import type { Clock, Subscription, Transport } from '@ensemble/runtime'
import type { Lag } from './diagnostics.ts'
import { isAnswer, kafkaError } from './errors.ts'
import type { Position } from './lanes.ts'
import { Reader } from './reader.ts'
import { Sender } from './sender.ts'
import { clientOptions, settingsOf, type KafkaOptions } from './settings.ts'
import { Topics } from './topics.ts'

export interface KafkaTransport extends Transport {
  /** Rejects when no broker answers. Errors: CONNECTION, AUTHENTICATION. */
  ping(): Promise<void>
  /** Messages that a group has yet to finish, by partition; without those where there are none. */
  lag(group: string): Promise<readonly Lag[]>
  /** Messages that the groups which read here have yet to finish. */
  backlog(): Promise<number>
  /**
   * After MESSAGES_LOST: moves a group behind the loss and answers where it goes on. Its instances must be stopped.
   * Errors: KAFKA while one is at work.
   */
  forward(group: string): Promise<readonly Position[]>
}

/** Opens nothing yet: the first use does. */
export function kafkaTransport(options: KafkaOptions, clock: Clock = systemClock): KafkaTransport {
  const settings = settingsOf(options)
  const { prefix } = settings
  const admin = new Admin(clientOptions(settings))
  const topics = new Topics(admin, settings)
  const sender = new Sender(settings, topics)
  const ids = systemIds(clock)
  const readers = new Set<Subscription>()
  const groups = new Set<string>()
  let closed: Promise<void> | undefined

  const close = async (): Promise<void> => {
    await Promise.all([...readers].map((reader) => reader.close()))
    await sender.close()
    await admin.close().catch(() => undefined)
  }

  const lag = async (group: string): Promise<readonly Lag[]> => {
    const stands = await standsOf(admin, `${prefix}${group}`)
    const ends = await offsetsOf(admin, stands, ListOffsetTimestamps.LATEST)
    return stands.flatMap(({ topic, partition, offset }, index) => {
      const messageCount = (ends[index] ?? offset) - offset
      return messageCount > 0 ? [{ topic: topic.slice(prefix.length), partition, messageCount }] : []
    })
  }

  return {
    send: (messages) => sender.send(messages),
    check: (messages) => sender.check(messages),
    subscribe: async ({ group, topics: names }) => {
      await topics.ensure(names.map((name) => `${prefix}${name}`))
      const reader = await Reader.open({ settings, group, topics: names, clock, ids })
      readers.add(reader)
      groups.add(group)
      return reader
    },
    ping: async () => {
      await asked('ask the brokers who they are', () => admin.metadata({ topics: [], forceUpdate: true }))
    },
    lag,
    backlog: async () => {
      const lags = await Promise.all([...groups].map(lag))
      return lags.flat().reduce((count, { messageCount }) => count + messageCount, 0)
    },
    forward: async (group) => {
      const stands = await standsOf(admin, `${prefix}${group}`)
      const starts = await offsetsOf(admin, stands, ListOffsetTimestamps.EARLIEST)
      const ends = await offsetsOf(admin, stands, ListOffsetTimestamps.LATEST)
      const moved = stands.flatMap((stand, index) => {
        const [start = stand.offset, end = stand.offset] = [starts[index], ends[index]]
        return stand.offset < start || stand.offset > end ? [{ ...stand, offset: start }] : []
      })
      await asked(`move the group ${group}, whose instances must be stopped`, () =>
        admin.alterConsumerGroupOffsets({
          groupId: `${prefix}${group}`,
          topics: moved.map(({ topic: name, partition, offset }) => ({
            name,
            partitionOffsets: [{ partition, offset: BigInt(offset) }],
          })),
        }),
      )
      return moved.map((position) => ({ ...position, topic: position.topic.slice(prefix.length) }))
    },
    close: async () => {
      closed ??= close()
      await closed
    },
  }
}

/** Where a group stands, by the cluster's names. */
async function standsOf(admin: Admin, groupId: string): Promise<readonly Position[]> {
  const groups = await asked('ask where a group stands', () =>
    admin.listConsumerGroupOffsets({ groups: [groupId] }).catch((error: unknown) => {
      if (isAnswer(error, 'GROUP_ID_NOT_FOUND')) return []
      throw error
    }),
  )
  return groups.flatMap(({ topics }) =>
    topics.flatMap(({ name: topic, partitions }) =>
      partitions
        .filter(({ committedOffset }) => committedOffset >= 0n)
        .map(({ partitionIndex: partition, committedOffset }) => ({
          topic,
          partition,
          offset: Number(committedOffset),
        })),
    ),
  )
}

/** In the order of `places`. */
async function offsetsOf(
  admin: Admin,
  places: readonly Position[],
  timestamp: bigint,
): Promise<readonly (number | undefined)[]> {
  if (places.length === 0) return []
  const names = [...new Set(places.map(({ topic }) => topic))]
  const topics = names.map((name) => ({
    name,
    partitions: places
      .filter(({ topic }) => topic === name)
      .map(({ partition: partitionIndex }) => ({ partitionIndex, timestamp })),
  }))
  const listed = await asked('ask where topics begin and end', () => admin.listOffsets({ topics }))
  return places.map(({ topic, partition }) => {
    const found = listed
      .filter(({ name }) => name === topic)
      .flatMap(({ partitions }) => partitions)
      .find(({ partitionIndex }) => partitionIndex === partition)
    return found === undefined ? undefined : Number(found.offset)
  })
}

async function asked<T>(what: string, request: () => Promise<T>): Promise<T> {
  try {
    return await request()
  } catch (error) {
    throw kafkaError(what, error)
  }
}
