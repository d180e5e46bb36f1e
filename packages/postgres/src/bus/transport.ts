// Owns: the log in a database that is not the service's: sending, and taking messages under a lock that lasts
// until the service has committed. Does not own the service's outbox.
// I1: the lock is a hint that spares double work; the guarantee is that a cursor moves only from where it was
// read.
// I2: a taken delivery always ends: done, released, or ended by the server's bound on idle transactions.
import type { Delivery, Transport } from '@ensemble/runtime'
import type { Database, SqlTransaction } from '../database/types.ts'
import type { Fetched } from './fetched.ts'
import { Log } from './log.ts'
import { BATCH_PARTITIONS_MAX, newsOf, topicsOf } from './shared.ts'
import type { BusOptions } from './shared.ts'

/** Closing leaves the database open: it belongs to whoever opened it. */
export async function postgresTransport(database: Database, options: BusOptions = {}): Promise<Transport> {
  const { partitionsMax = BATCH_PARTITIONS_MAX } = options
  const news = newsOf(options)
  const log = new Log(database, options)
  await news.join(database)
  const subscriptions = new Set<() => Promise<void>>()
  let closed: Promise<void> | undefined

  return {
    send: async (messages) => {
      if (messages.length === 0) return
      await database.transaction(async (tx) => {
        if (!log.knows(messages)) await log.learn(tx, messages)
        tx.defer(log.append(tx, messages))
        tx.onCommit(() => news.say(topicsOf(messages)))
      })
    },

    subscribe: async ({ group, topics }) => {
      await log.register(group, topics)
      const offs: (() => void)[] = []
      const holder: Holder = { database, log, group, releases: new Set(), isClosed: false }
      const close = async (): Promise<void> => {
        subscriptions.delete(close)
        holder.isClosed = true
        for (const off of offs.splice(0)) off()
        await Promise.all([...holder.releases].map((release) => release()))
      }
      subscriptions.add(close)
      return {
        take: (countMax) => take(holder, (tx) => log.take(tx, { group, topics, countMax, partitionsMax })),
        onNews: (callback) => {
          offs.push(news.on(topics, () => callback()))
        },
        close,
      }
    },

    close: async () => {
      await Promise.all([...subscriptions].map((close) => close()))
      closed ??= news.leave(database)
      await closed
    },
  }
}

interface Holder {
  readonly database: Database
  readonly log: Log
  readonly group: string
  /** Of what is held now, so that closing leaves no connection in a transaction. */
  readonly releases: Set<() => Promise<void>>
  isClosed: boolean
}

type Fetch = (tx: SqlTransaction) => Promise<Fetched>

/** Resolves once the messages are locked; the transaction goes on until `done` or `release`. */
async function take(holder: Holder, fetch: Fetch): Promise<Delivery | null> {
  const end = Promise.withResolvers<'done' | 'release'>()
  const taken = Promise.withResolvers<Fetched>()
  const held = holder.database.transaction(
    async (tx) => {
      const fetched = await fetch(tx)
      taken.resolve(fetched)
      if (fetched.messages.length === 0 || (await end.promise) === 'release') return false
      tx.defer(holder.log.advance(tx, holder.group, fetched.moves, 0))
      return true
    },
    // Tried again it would lock other messages than the ones that were handed out.
    { triesMax: 1 },
  )
  held.catch((error: unknown) => taken.reject(error))
  const fetched = await taken.promise
  if (fetched.messages.length === 0) {
    await held
    return null
  }
  const finish = async (how: 'done' | 'release'): Promise<boolean> => {
    holder.releases.delete(release)
    end.resolve(how)
    // A lock that is gone already did not move the position.
    return held.catch(() => false)
  }
  const release = async (): Promise<void> => void (await finish('release'))
  holder.releases.add(release)
  if (holder.isClosed) {
    await release()
    return null
  }
  return {
    messages: fetched.messages,
    done: async () => {
      if (!(await finish('done'))) await advanceAlone(holder, fetched)
    },
    release,
  }
}

/** The lock was lost while the service worked: the position may still be moved by whoever comes first. */
async function advanceAlone({ database, log, group }: Holder, { moves }: Fetched): Promise<void> {
  await database.transaction(async (tx) => {
    tx.defer(log.advance(tx, group, moves, 0))
  })
}
