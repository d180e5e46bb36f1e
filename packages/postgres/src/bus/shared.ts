// Owns: the bus whose log lives in the service's own database: position, effects and messages are one
// transaction.
import { goesOut, type Message } from '@ensemble/core'
import type { Bus, Link, Transaction } from '@ensemble/runtime'
import type { Clock } from '../database/clock.ts'
import { isEngineDatabase } from '../engine.ts'
import type { EngineDatabase } from '../engine.ts'
import type { Handed } from './inbox.ts'
import { Log, SCHEMA_DEFAULT } from './log.ts'
import type { LogOptions } from './log.ts'
import { News } from './news.ts'
import { Reading } from './reading.ts'
import type { Append } from './reading.ts'

export interface BusOptions extends LogOptions {
  /** How many partitions one batch takes; fewer leave more to other instances. */
  readonly partitionsMax?: number
  /** Takes from memory what this process has put on the log itself; default. Without it every batch is fetched. */
  readonly isTrusting?: boolean
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
  const { partitionsMax = BATCH_PARTITIONS_MAX, isTrusting = true } = options
  let closed: Promise<void> | undefined

  const send = async (tx: Transaction, messages: readonly Message[], append: Append): Promise<void> => {
    if (!log.knows(messages)) await log.learn(tx, messages)
    let handed: readonly Handed[] = []
    tx.defer(
      append().then((entries) => {
        handed = entries
      }),
    )
    tx.onCommit(() => news.say(topicsOf(messages), { messages, handed }))
  }
  const reading = new Reading({ service, database, topics, partitionsMax, isTrusting, log, news, send })

  return {
    // A notice that is lost with its connection is made good by polling.
    tellsAll: database.profile.canListen,

    transaction: (work) =>
      database.transaction(
        async (tx) => {
          const { value, messages: said } = await work(tx)
          const messages = said.filter(goesOut)
          if (messages.length > 0) await send(tx, messages, () => log.append(tx, messages))
          return value
        },
        { isEarly: true },
      ),

    receive: (countMax, handle) => reading.receive(countMax, handle),

    put: async (tx, messages) => {
      if (messages.length === 0) return
      if (!log.knows(messages)) await log.learn(tx, messages)
      await log.append(tx, messages, true)
      void news.saySoon(topicsOf(messages))
    },

    relay: () => Promise.resolve(0),

    onNews: (callback) => reading.onNews(callback),

    close: async () => {
      reading.close()
      closed ??= news.leave(database)
      await closed
    },
  }
}

export function topicsOf(messages: readonly Message[]): ReadonlySet<string> {
  return new Set(messages.map(({ topic }) => topic))
}
