// Owns: the port Database of one process on a server of the model: transactions with savepoints and deferred writes,
// the retry of 40001 and 40P01, and statements outside a transaction. As strict as the adapter of PostgreSQL.
// I1: the first statement that failed is the transaction's failure, whatever was caught on the way.
// I2: a deadlock or a serialization failure inside a savepoint is the whole transaction's.
// I3: a transaction that is in the tables of another database of its home is the same: its session, its savepoints, its
// end.
import type { Time } from '@ensemble/core'
import { EXECUTOR, memoryStores, type Executing, type Executor, type Open } from '@ensemble/memory'
import { errorInfo, type Database, type Result, type Stores, type Transaction } from '@ensemble/runtime'
import { raised } from './errors.ts'
import type { DatabaseServer } from './server.ts'
import { Session, type Place, type SessionParts } from './session.ts'

const TRIES_MAX = 3
/** How long the server goes on with a session that is idle in a transaction: as the engine's own sessions are set. */
const SILENCE_MS_MAX = 5_000

/** One service's schema on a server: its stores, shared by all its processes. */
export interface Schema {
  readonly server: DatabaseServer
  readonly name: string
  readonly stores: Stores
}

export function schemaOf(server: DatabaseServer, name: string): Schema {
  return { server, name, stores: memoryStores({ schema: name }) }
}

export type ClientParts = Omit<SessionParts, 'server'> & {
  readonly schema: Schema
  /** The same for all databases of one process of the operating system. */
  readonly home?: object | undefined
}

export class DatabaseClient implements Database, Executor, Executing {
  readonly [EXECUTOR] = this
  readonly stores: Stores
  readonly home: object | undefined
  readonly #parts: ClientParts
  readonly #sessions = new Set<Session>()

  constructor(parts: ClientParts) {
    this.#parts = parts
    this.stores = parts.schema.stores
    this.home = parts.home
    const { process, schedule } = parts
    process.onEnd((how) => {
      const lose = (): void => this.loseAll()
      // The kernel of a machine that is up closes what its dead process had; a lost machine says nothing.
      if (how === 'crash') lose()
      else schedule.after(SILENCE_MS_MAX, lose)
    })
    process.onPause((isPaused) => {
      if (!isPaused) return
      schedule.after(SILENCE_MS_MAX, () => {
        if (process.isPaused) for (const session of this.#sessions) session.loseIfIdle()
      })
    })
  }

  get server(): DatabaseServer {
    return this.#parts.schema.server
  }

  get place(): Place {
    const { schema, process } = this.#parts
    return { schema: schema.name, process }
  }

  async query(): Promise<Result> {
    return refuseSql()
  }

  async execute<T>(_mode: 'read' | 'write', statement: (open: Open) => T): Promise<T> {
    return await this.transaction((tx) => executed(tx, statement))
  }

  async transaction<T>(
    work: (tx: Transaction) => Promise<T>,
    { triesMax = TRIES_MAX }: { readonly triesMax?: number; readonly isEarly?: boolean } = {},
  ): Promise<T> {
    const { process, chance } = this.#parts
    for (let tries = 1; ; tries += 1) {
      try {
        return await this.#once(work)
      } catch (error) {
        if (!canRetry(error) || tries >= triesMax) throw error
        await process.clock.sleep(chance.int(5, 200), new AbortController().signal)
      }
    }
  }

  /** As when the server is restarted. */
  loseAll(): void {
    for (const session of this.#sessions) session.lose()
    this.#sessions.clear()
  }

  async #once<T>(work: (tx: Transaction) => Promise<T>): Promise<T> {
    const { schema, process } = this.#parts
    const session = new Session({ ...this.#parts, server: schema.server })
    this.#sessions.add(session)
    try {
      // BEGIN travels with the first statement.
      const tx = new ClientTransaction(session, this)
      let value: T
      try {
        value = await work(tx)
      } catch (error) {
        throw await tx.rollback(error)
      }
      await tx.commit()
      return value
    } finally {
      if (!process.isDead) this.#sessions.delete(session)
    }
  }
}

async function executed<T>(tx: Transaction, statement: (open: Open) => T): Promise<T> {
  if (!(tx instanceof ClientTransaction)) throw raised('SQL', 'this is no transaction of the simulator')
  return await tx.execute('write', statement)
}

class ClientTransaction implements Transaction, Executor, Executing {
  readonly [EXECUTOR] = this
  readonly now: Time
  readonly #session: Session
  readonly #database: DatabaseClient
  readonly #deferred: Promise<unknown>[] = []
  readonly #actions: (() => void)[] = []
  #failure: unknown = null
  #savepointCount = 0
  #hasEnded = false

  constructor(session: Session, database: DatabaseClient) {
    this.#session = session
    this.#database = database
    this.now = session.now
  }

  async query(): Promise<Result> {
    return refuseSql()
  }

  async execute<T>(_mode: 'read' | 'write', statement: (open: Open) => T): Promise<T> {
    return await this.executeAt(this.#database.place, statement)
  }

  async executeAt<T>(place: Place, statement: (open: Open) => T): Promise<T> {
    if (this.#hasEnded) throw raised('SQL', 'the transaction has already ended')
    try {
      return await this.#session.statement(statement, place)
    } catch (error) {
      this.#failure ??= error
      throw error
    }
  }

  hurry(): void {
    this.#session.hurry()
  }

  as(database: Database): Transaction {
    const { home } = this.#database
    if (!(database instanceof DatabaseClient) || home === undefined || database.home !== home)
      throw raised('SQL', 'a transaction cannot be in the tables of a database with another home')
    return new Visit(this, database.place)
  }

  defer(write: Promise<unknown>): void {
    write.catch(() => undefined)
    this.#deferred.push(write)
  }

  onCommit(action: () => void): void {
    this.#actions.push(action)
  }

  async savepoint<T>(work: () => Promise<T>): Promise<T> {
    this.#savepointCount += 1
    const name = `s${this.#savepointCount}`
    const before = { failure: this.#failure, deferred: this.#deferred.length, actions: this.#actions.length }
    // As the adapter of PostgreSQL: only ROLLBACK TO is waited for.
    this.#send(this.#session.savepoint(name))
    try {
      const value = await work()
      await Promise.all(this.#deferred.slice(before.deferred))
      if (this.#failure !== before.failure) throw this.#failure
      this.#send(this.#session.release(name))
      return value
    } catch (error) {
      await this.#session.rollbackTo(name).catch((refused: unknown) => {
        throw this.#failure ?? refused
      })
      this.#send(this.#session.release(name))
      this.#deferred.length = before.deferred
      this.#actions.length = before.actions
      if (!canRetry(this.#failure)) this.#failure = before.failure
      throw error
    }
  }

  #send(answer: Promise<void>): void {
    answer.catch((error: unknown) => void (this.#failure ??= error))
  }

  async commit(): Promise<void> {
    this.#hasEnded = true
    if (this.#failure !== null) throw await this.rollback(this.#failure)
    const [commit, ...deferred] = await Promise.allSettled([this.#session.commit(), ...this.#deferred])
    const refused = deferred.find((outcome) => outcome.status === 'rejected')
    if (commit.status === 'rejected') throw this.#failure ?? commit.reason
    if (commit.value !== 'COMMIT')
      throw this.#failure ?? refused?.reason ?? raised('ROLLED_BACK', 'COMMIT answered ROLLBACK')
    for (const action of this.#actions) action()
    if (refused !== undefined) throw refused.reason
  }

  /** Answers what to throw: a failure that a retry can heal wins over what the work made of it. */
  async rollback(reason: unknown): Promise<unknown> {
    this.#hasEnded = true
    if (!this.#session.hasEnded) await this.#session.rollback().catch(() => undefined)
    return canRetry(this.#failure) || errorInfo(reason).code === 'ROLLED_BACK'
      ? (this.#failure ?? reason)
      : reason
  }
}

/** A transaction in the tables of another service. */
class Visit implements Transaction, Executor, Executing {
  readonly [EXECUTOR] = this
  readonly #tx: ClientTransaction
  readonly #place: Place

  constructor(tx: ClientTransaction, place: Place) {
    this.#tx = tx
    this.#place = place
  }

  get now(): Time {
    return this.#tx.now
  }

  async query(): Promise<Result> {
    return refuseSql()
  }

  async execute<T>(_mode: 'read' | 'write', statement: (open: Open) => T): Promise<T> {
    return await this.#tx.executeAt(this.#place, statement)
  }

  hurry(): void {
    this.#tx.hurry()
  }

  as(database: Database): Transaction {
    return this.#tx.as(database)
  }

  defer(write: Promise<unknown>): void {
    this.#tx.defer(write)
  }

  onCommit(action: () => void): void {
    this.#tx.onCommit(action)
  }

  async savepoint<T>(work: () => Promise<T>): Promise<T> {
    return await this.#tx.savepoint(work)
  }
}

function canRetry(error: unknown): boolean {
  const { code } = errorInfo(error)
  return code === 'SERIALIZATION' || code === 'DEADLOCK'
}

function refuseSql(): never {
  throw raised('SQL', 'the simulator has no SQL: use the stores, memoryRows and memoryEntries')
}
