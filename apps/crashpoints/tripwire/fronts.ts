// Owns: the ports as hosts of a crash run get them: the real ones, with a probe around every call that leaves the
// process.
// I1: a front adds no wait and changes no order: it calls the real port in the same turn.
// I2: the stores and rows of a front get the real transaction, so that each call is told once, by its port's name;
// the bus and handlers with SQL of their own get the front, and their statements are told by name.
import {
  engineDatabase,
  sqlFolder,
  type Database as SqlDatabase,
  type EngineDatabase,
  type SqlTransaction,
  type Statement,
} from '@ensemble/postgres'
import type { Bus, Entries, Link, Rows, Stores, Subscription, Transport } from '@ensemble/runtime'
import type { Probe } from './probe.ts'

/** Statements that the log sends as plain text, in a caller's transaction or while it learns about topics. */
const LOG_SQL = sqlFolder(new URL('../sql/', import.meta.resolve('@ensemble/postgres')))
const LOG_TEXTS: ReadonlyMap<string, string> = new Map(
  ['log_topics', 'log_append'].map((name) => [LOG_SQL(name).text, name]),
)

const reals = new WeakMap<object, object>()

/** The real transaction, or database, behind what a port was given. */
function realOf<T extends object>(front: T): T {
  return (reals.get(front) ?? front) as T
}

export function frontedDatabase(probe: Probe, real: SqlDatabase): EngineDatabase {
  const engine = engineDatabase(real)
  const transaction: SqlDatabase['transaction'] = (work, options) =>
    probe.transacted(async () => {
      probe.reach('transaction.begin', 'before')
      const value = await real.transaction(async (tx) => {
        // An early work's first statement is on its way with BEGIN.
        if (options?.isEarly !== true) probe.reach('transaction.begin', 'after')
        const done = await work(frontedTransaction(probe, tx))
        probe.reach('transaction.commit', 'before')
        return done
      }, options)
      probe.reach('transaction.commit', 'after')
      return value
    })
  const front: EngineDatabase = {
    ...engine,
    stores: frontedStores(probe, engine.stores),
    query: (statement, values) => probe.call(callOf(statement), () => real.query(statement, values)),
    transaction,
  }
  reals.set(front, real)
  return front
}

/** The database of a log elsewhere: its statements are told, its transactions are the transport's. */
export function frontedLogDatabase(probe: Probe, real: SqlDatabase): SqlDatabase {
  return {
    ...real,
    transaction: (work, options) => real.transaction((tx) => work(frontedTransaction(probe, tx)), options),
  }
}

function frontedTransaction(probe: Probe, real: SqlTransaction): SqlTransaction {
  const front: SqlTransaction = {
    get now() {
      return real.now
    },
    begun: () => real.begun(),
    foretold: () => real.foretold(),
    hurry: () => real.hurry(),
    as: (database) => frontedTransaction(probe, real.as(realOf(database))),
    query: (statement, values) =>
      probe.call(callOf(statement), () => real.query(statement, values), isLookInVain(statement)),
    defer: (write) => real.defer(write),
    savepoint: (work) => probe.call('savepoint', () => real.savepoint(work)),
    onCommit: (action) => real.onCommit(action),
  }
  reals.set(front, real)
  return front
}

/** `log.fetch`, `sql.paper_insert`: the file's name, without the hash of its text. */
function callOf(statement: Statement | string): string {
  const { name } =
    typeof statement === 'string' ? { name: LOG_TEXTS.get(statement) ?? unnamed(statement) } : statement
  const file = name.replace(/_[0-9a-f]{8}$/, '')
  return file.startsWith('log_') ? file.replace('log_', 'log.') : `sql.${file}`
}

/** A call that has no name has no crash point. */
function unnamed(text: string): never {
  throw new Error(`a statement without a name: ${text}`)
}

function isLookInVain(
  statement: Statement | string,
): (result: { readonly rows: readonly unknown[] }) => boolean {
  const isLook = callOf(statement) === 'log.fetch'
  return ({ rows }) => isLook && rows.length === 0
}

/** Store calls that look for work. */
const LOOKS: ReadonlySet<string> = new Set(['operations.claimDue', 'scheduled.takeDue', 'outbox.claim'])

type Method = (tx: object, ...args: readonly unknown[]) => Promise<unknown>

function frontedStores(probe: Probe, stores: Stores): Stores {
  const entries = Object.entries(stores).map(([name, store]) => [
    name,
    frontedMethods(probe, name, store as Readonly<Record<string, Method>>),
  ])
  return Object.fromEntries(entries) as Stores
}

function frontedMethods<T extends object>(probe: Probe, name: string, methods: T): T {
  const entries = Object.entries(methods).map(([method, real]: [string, Method]) => {
    const call = `${name}.${method}`
    const isEmpty = (found: unknown): boolean => LOOKS.has(call) && Array.isArray(found) && found.length === 0
    const fronted: Method = (tx, ...args) => probe.call(call, () => real(realOf(tx), ...args), isEmpty)
    return [method, fronted]
  })
  return Object.fromEntries(entries) as T
}

export function frontedRows<State>(probe: Probe, { name, ...methods }: Rows<State>): Rows<State> {
  return { name, ...frontedMethods(probe, `rows.${name}`, methods) }
}

export function frontedEntries<Entry>(probe: Probe, { name, ...methods }: Entries<Entry>): Entries<Entry> {
  return { name, ...frontedMethods(probe, `entries.${name}`, methods) }
}

export function frontedTransport(probe: Probe, real: Transport): Transport {
  return {
    send: (messages) =>
      messages.length === 0 ? real.send(messages) : probe.call('transport.send', () => real.send(messages)),
    subscribe: async (what) =>
      frontedSubscription(probe, await probe.call('transport.subscribe', () => real.subscribe(what))),
    close: () => real.close(),
  }
}

function frontedSubscription(probe: Probe, real: Subscription): Subscription {
  return {
    take: async (countMax) => {
      const delivery = await probe.call('subscription.take', () => real.take(countMax), isNothing)
      if (delivery === null) return null
      return {
        messages: delivery.messages,
        done: () => probe.call('delivery.done', () => delivery.done()),
        release: () => probe.call('delivery.release', () => delivery.release()),
      }
    },
    onNews: (news) => real.onNews(news),
    close: () => real.close(),
  }
}

function isNothing(found: unknown): boolean {
  return found === null
}

/** Opens the scopes; what a link sends is told by the database or the transport below it. */
export function frontedBus(probe: Probe, real: Bus): Bus {
  return {
    connect: (what) =>
      probe.scoped(async () => {
        const link = await real.connect(what)
        return {
          tellsAll: link.tellsAll ?? false,
          transaction: (work) => probe.scoped(() => link.transaction(work)),
          receive: (countMax, handle) => probe.scoped(() => link.receive(countMax, handle)),
          put: (tx, messages) => link.put(tx, messages),
          relay: () => probe.scoped(() => link.relay(), 'relay'),
          onNews: (news) => link.onNews(news),
          close: () => link.close(),
        } satisfies Required<Link>
      }, 'connect'),
  }
}
