// Owns: the two buses in memory: a transport in another place than any database, and a bus that lives inside the memory
// databases.
// I1: a message of the shared bus appears, and its group's position moves, at the commit of its transaction.
// I2: what a closed subscription held is free again, unmoved.
import { goesOut, plain } from '@ensemble/core'
import type { Message } from '@ensemble/core'
import type { Bus, Database, Link, Queryable, Subscription, Transaction, Transport } from '@ensemble/runtime'
import { MemoryError } from './errors.ts'
import { Log } from './log.ts'
import type { Hold, RawMessage, Reader } from './log.ts'
import { writing } from './statement.ts'

const PARTITION_COUNT_DEFAULT = 4

interface Raw {
  /** Appends a text as it is, as a foreign or broken sender would. */
  raw(message: RawMessage): void
}

export type MemoryTransport = Transport & Raw
export type SharedMemoryBus = Bus & Raw

/** A bus of its own, like Kafka: what is sent stays sent, whatever becomes of a transaction. */
export function memoryBus(options: { readonly partitions?: number } = {}): MemoryTransport {
  const log = new Log(options.partitions ?? PARTITION_COUNT_DEFAULT)
  const subscriptions = new Set<Subscription>()
  let isClosed = false
  return {
    raw: (message) => log.appendRaw(message),
    send: async (messages) => {
      if (isClosed) throw closed()
      log.append(messages)
    },
    subscribe: async ({ group, topics }) => {
      if (isClosed) throw closed()
      const subscription = subscribe(log, { group, topics, news: new Set() })
      subscriptions.add(subscription)
      return subscription
    },
    close: async () => {
      isClosed = true
      for (const subscription of subscriptions) await subscription.close()
    },
  }
}

function subscribe(log: Log, reader: Reader): Subscription {
  const holds = new Set<Hold>()
  let isClosed = false
  const free = (hold: Hold): void => {
    holds.delete(hold)
    hold.free()
  }
  log.open(reader)
  return {
    take: async (countMax) => {
      if (isClosed) throw closed()
      const hold = log.hold(reader, countMax)
      if (hold === null) return null
      holds.add(hold)
      return {
        messages: hold.messages,
        done: async () => {
          hold.move()
          free(hold)
        },
        release: async () => free(hold),
      }
    },
    onNews: (news) => void reader.news.add(news),
    close: async () => {
      isClosed = true
      log.close(reader)
      holds.forEach(free)
    },
  }
}

/** The bus inside the databases: links append and move in a memory database's transaction; no outbox, no relay. */
export function sharedMemoryBus(options: { readonly partitions?: number } = {}): SharedMemoryBus {
  const log = new Log(options.partitions ?? PARTITION_COUNT_DEFAULT)
  return {
    raw: (message) => log.appendRaw(message),
    connect: async ({ service, database, topics }) =>
      link(log, database, { group: service, topics, news: new Set() }),
  }
}

function link(log: Log, database: Database, reader: Reader): Link {
  let isClosed = false
  log.open(reader)
  const put = (tx: Queryable, messages: readonly Message[]): Promise<void> => {
    const sent = plain(messages.filter(goesOut))
    return writing(tx, (open) => open.atCommit(() => log.append(sent)))
  }
  const receive = async (hold: Hold, handle: Parameters<Link['receive']>[1]): Promise<void> => {
    await database.transaction(async (tx) => {
      await put(tx, await handle(tx, hold.messages))
      await writing(tx, (open) => open.atCommit(() => hold.move()))
    })
  }
  return {
    transaction: <T>(
      work: (tx: Transaction) => Promise<{ readonly value: T; readonly messages: readonly Message[] }>,
    ) => {
      if (isClosed) return Promise.reject(closed())
      return database.transaction(async (tx) => {
        const { value, messages } = await work(tx)
        await put(tx, messages)
        return value
      })
    },
    receive: async (countMax, handle) => {
      if (isClosed) throw closed()
      const hold = log.hold(reader, countMax)
      if (hold === null) return 0
      try {
        await receive(hold, handle)
        return hold.messages.length
      } finally {
        hold.free()
      }
    },
    put,
    relay: async () => 0,
    onNews: (news) => void reader.news.add(news),
    close: async () => {
      isClosed = true
      log.close(reader)
    },
  }
}

function closed(): MemoryError {
  return new MemoryError('CONNECTION', 'the bus is closed')
}
