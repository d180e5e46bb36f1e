// Owns: the bus whose log lives in the service's own database: position, effects and messages are one
// transaction.
// I1: a batch's cursors are locked before anything else and the log's heads last, as everywhere.
// I2: a cursor moves only from where it was read, in the batch's own transaction.
import type { Message } from '@ensemble/core'
import type { Bus, Link, Transaction } from '@ensemble/runtime'
import type { Clock } from '../database/clock.ts'
import type { SqlTransaction } from '../database/types.ts'
import { isEngineDatabase } from '../engine.ts'
import type { EngineDatabase } from '../engine.ts'
import { Log, SCHEMA_DEFAULT } from './log.ts'
import type { LogOptions } from './log.ts'
import { News } from './news.ts'

export interface BusOptions extends LogOptions {
  /** How many partitions one batch takes; fewer leave more to other instances. */
  readonly partitionsMax?: number
  readonly clock?: Clock
}

/** All of a usual service: one batch for everything costs the fewest commits. */
export const BATCH_PARTITIONS_MAX = 64

class BusUnfit extends Error {
  override readonly name = 'BusUnfit'
  readonly code = 'BUS_UNFIT'
}

/** For services whose tables are in the database that has the log. */
export function sharedBus(options: BusOptions = {}): Bus {
  const news = newsOf(options)
  return {
    connect: async ({ service, database, topics }) => {
      if (!isEngineDatabase(database)) {
        throw new BusUnfit(`the shared bus needs ${service}'s database to be one of engineDatabase()`)
      }
      const log = new Log(database, options)
      if (topics.length > 0) await log.register(service, topics)
      await news.join(database)
      return linkOf({ service, database, topics, log, news, options })
    },
  }
}

export function newsOf({ schema = SCHEMA_DEFAULT, clock }: BusOptions): News {
  return new News(`ensemble_${schema}`, clock)
}

interface Parts {
  readonly service: string
  readonly database: EngineDatabase
  readonly topics: readonly string[]
  readonly log: Log
  readonly news: News
  readonly options: BusOptions
}

function linkOf({ service, database, topics, log, news, options }: Parts): Link {
  const { partitionsMax = BATCH_PARTITIONS_MAX } = options
  const offs: (() => void)[] = []
  let closed: Promise<void> | undefined

  const send = (tx: Transaction, messages: readonly Message[]): void => {
    if (messages.length === 0) return
    tx.defer(log.append(tx, messages))
    tx.onCommit(() => news.say(topicsOf(messages)))
  }

  return {
    // A notice that is lost with its connection is made good by polling.
    tellsAll: database.profile.canListen,

    transaction: (work) =>
      database.transaction(async (tx) => {
        const { value, messages } = await work(tx)
        if (!log.knows(messages)) await log.learn(tx, messages)
        send(tx, messages)
        return value
      }),

    receive: async (countMax, handle) => {
      if (topics.length === 0) return 0
      const work = async (tx: SqlTransaction): Promise<number> => {
        const { messages, moves } = await log.take(tx, { group: service, topics, countMax, partitionsMax })
        if (messages.length === 0) return 0
        const answers = await handle(tx, messages)
        if (!log.knows(answers)) await log.learn(tx, answers)
        tx.defer(log.advance(tx, service, moves, moves.length))
        send(tx, answers)
        return messages.length
      }
      return await database.transaction(work, { isEarly: true })
    },

    put: async (tx, messages) => {
      if (messages.length === 0) return
      if (!log.knows(messages)) await log.learn(tx, messages)
      await log.append(tx, messages, true)
      void news.saySoon(topicsOf(messages))
    },

    relay: () => Promise.resolve(0),

    onNews: (callback) => {
      offs.push(news.on(topics, callback))
    },

    close: async () => {
      for (const off of offs.splice(0)) off()
      closed ??= news.leave(database)
      await closed
    },
  }
}

export function topicsOf(messages: readonly Message[]): ReadonlySet<string> {
  return new Set(messages.map(({ topic }) => topic))
}
