/**
 * Owns BEGIN, savepoints, COMMIT, and the retry of 40001 and 40P01. Does not own which other errors a caller may retry.
 * I1: the first statement that failed is the transaction's failure, whatever was caught on the way.
 * I2: COMMIT counts only by its command tag: pipelined after a failed statement it answers ROLLBACK without an error.
 * I3: once COMMIT may have reached the server, a lost connection is COMMIT_UNKNOWN, never a retry.
 * I4: a serialization failure or deadlock inside a savepoint is the whole transaction's: it cannot be undone in part.
 * I5: a deferred write that failed before its statement left (a row that cannot be encoded) stops COMMIT: the server,
 * which never saw it, would commit the others.
 * I6: where BEGIN failed nothing follows it: each statement would commit by itself.
 * I7: early work that asks nothing is no transaction, and is committed.
 */
import type { Clock } from './clock.ts'
import { DatabaseError, endsSession, toDatabaseError } from './errors.ts'
import type { Connection } from './connection.ts'
import { Skipped } from './flight.ts'
import { ENTER, NOW_THERE, seatOf, type Seat } from './seat.ts'
import type { ServerTime } from './server-time.ts'
import type { Statement } from './statement.ts'
import type { Result, SqlTransaction } from './types.ts'

export const TRIES_MAX_DEFAULT = 3
/** Long enough that the other transaction ends, short against a batch. */
const RETRY_DELAY_MS_MIN = 5
const RETRY_DELAY_MS_MAX = 200

/** That a transaction in a hurry waits for a lock: longer than most batches hold one. */
const HURRY_LOCK_TIMEOUT_MS = 200
const HURRY = `SET LOCAL lock_timeout = ${HURRY_LOCK_TIMEOUT_MS}`

/** Turns of promises until a write that failed at once is heard through what wraps it. COMMIT stays in the flush. */
const UNSENT_TURNS = 16
const A_TURN = Promise.resolve()

const NOW: Statement = {
  name: 'NOW',
  text: `select floor(extract(epoch from now()) * 1000.0)::int8 as "now"`,
}

export interface Retry {
  readonly clock: Clock
  /** In all. */
  readonly triesMax: number
}

export interface TransactionRun extends Retry {
  readonly checkOut: () => Promise<Connection>
  /** The work begins before BEGIN is sent, which leaves in the flush of the first statement. */
  readonly isEarly: boolean
  readonly time: ServerTime
  /** Whose transaction it is, in a session that is several services'. */
  readonly seat?: Seat | undefined
}

export async function runTransaction<T>(
  run: TransactionRun,
  work: (tx: SqlTransaction) => Promise<T>,
): Promise<T> {
  return await retried(run, () => runOnce(run, work))
}

/** Works again after 40001 and 40P01, of which nothing has stayed. */
export async function retried<T>({ clock, triesMax }: Retry, work: () => Promise<T>): Promise<T> {
  for (let tries = 1; ; tries += 1) {
    try {
      return await work()
    } catch (error) {
      if (!canRetry(error) || tries >= triesMax) throw error
      const delayMs = Math.min(RETRY_DELAY_MS_MAX, RETRY_DELAY_MS_MIN * 2 ** tries)
      await clock.sleep(delayMs * (0.5 + clock.chance()))
    }
  }
}

function canRetry(error: unknown): boolean {
  return error instanceof DatabaseError && (error.code === 'SERIALIZATION' || error.code === 'DEADLOCK')
}

async function runOnce<T>(run: TransactionRun, work: (tx: SqlTransaction) => Promise<T>): Promise<T> {
  const connection = await run.checkOut()
  try {
    const tx = new OpenTransaction(connection, run)
    if (!run.isEarly) await tx.begun()
    let value: T
    try {
      value = await work(tx)
    } catch (error) {
      throw await tx.rollback(error)
    }
    await tx.commit()
    return value
  } finally {
    connection.release()
  }
}

class OpenTransaction implements SqlTransaction {
  readonly #connection: Connection
  readonly #time: ServerTime
  readonly #seat: Seat | undefined
  /** Whose tables the session sees. */
  #at: Seat | undefined
  readonly #deferred: Promise<unknown>[] = []
  readonly #refused = new Map<Promise<unknown>, { readonly error: unknown }>()
  readonly #actions: (() => void)[] = []
  readonly #unanswered = new Set<Promise<unknown>>()
  #failure: DatabaseError | undefined
  #savepointCount = 0
  #hasEnded = false
  #hasBegun = true
  #foretold: number | undefined
  #opening: Promise<void> | undefined
  #now: number | undefined

  constructor(connection: Connection, { time, seat }: Pick<TransactionRun, 'time' | 'seat'>) {
    this.#connection = connection
    this.#time = time
    this.#seat = seat
    this.#at = seat
  }

  as(database: object): SqlTransaction {
    const seat = seatOf(database)
    if (seat === undefined || seat.sessions !== this.#seat?.sessions)
      throw new Error('a transaction can only be in the tables of those with whom it shares its session')
    return new Visit(this, seat)
  }

  get now(): number {
    if (this.#now === undefined)
      throw new Error('the time is known after the first statement of the transaction')
    return this.#now
  }

  begun(): Promise<void> {
    // The connection may be somebody else's by now.
    if (this.#opening === undefined && this.#hasEnded) return this.#refuse()
    this.#opening ??= this.#begin()
    return this.#opening
  }

  foretold(): number | undefined {
    // One time for all that asks in this transaction.
    this.#foretold ??= this.#now ?? this.#time.now
    return this.#foretold
  }

  hurry(): void {
    if (this.#hasEnded || !this.#hasBegun) return
    this.#board()
    void this.#track(this.#connection.control(HURRY)).catch(() => undefined)
  }

  /** BEGIN leaves with the first statement. It is answered before that one is, so whoever asked hears of both. */
  #board(): void {
    this.begun().catch(() => undefined)
  }

  async #begin(): Promise<void> {
    const begun = this.#track(this.#connection.control('BEGIN'))
    const hear = this.#time.asks()
    const seat = this.#seat
    const asked = this.#track(
      seat === undefined
        ? this.#connection.send(NOW, [])
        : this.#connection.send(NOW_THERE, [seat.role, seat.path]),
    )
    // Awaited below; handled here because BEGIN may fail first.
    asked.catch(() => undefined)
    begun.catch(() => {
      this.#hasBegun = false
    })
    await begun
    this.#now = Number((await asked).rows[0]?.['now'])
    hear(this.#now)
  }

  query(statement: Statement | string, values: readonly unknown[] = []): Promise<Result> {
    return this.queryAt(this.#seat, statement, values)
  }

  queryAt(
    seat: Seat | undefined,
    statement: Statement | string,
    values: readonly unknown[],
  ): Promise<Result> {
    if (this.#hasEnded || !this.#hasBegun) return this.#refuse()
    this.#board()
    if (seat !== undefined && this.#at !== seat) {
      this.#at = seat
      void this.#track(this.#connection.send(ENTER, [seat.role, seat.path])).catch(() => undefined)
    }
    const answer = this.#connection.send(statement, values, seat)
    return this.#track(this.#now === undefined ? this.#behindBegin(answer) : answer)
  }

  /** The time is known to whoever was answered. */
  async #behindBegin(answer: Promise<Result>): Promise<Result> {
    const [result] = await Promise.all([answer, this.#opening])
    return result
  }

  defer(write: Promise<unknown>): void {
    write.catch((error: unknown) => void this.#refused.set(write, { error }))
    this.#deferred.push(write)
  }

  onCommit(action: () => void): void {
    this.#actions.push(action)
  }

  async savepoint<T>(work: () => Promise<T>): Promise<T> {
    if (this.#hasEnded || !this.#hasBegun) return this.#refuse()
    this.#board()
    this.#savepointCount += 1
    const name = `s${this.#savepointCount}`
    const at = this.#at
    const before = { failure: this.#failure, deferred: this.#deferred.length, actions: this.#actions.length }
    void this.#control('SAVEPOINT', name)
    try {
      const value = await work()
      await Promise.all(this.#unanswered)
      if (this.#failure !== undefined && this.#failure !== before.failure) throw this.#failure
      const unsent = await this.#unsent(before.deferred)
      if (unsent !== undefined) throw unsent.error
      void this.#control('RELEASE SAVEPOINT', name)
      return value
    } catch (error) {
      await this.#control('ROLLBACK TO SAVEPOINT', name).catch((refused: unknown) => {
        throw this.#failure ?? refused
      })
      void this.#control('RELEASE SAVEPOINT', name)
      this.#at = at
      this.#deferred.length = before.deferred
      this.#actions.length = before.actions
      if (!canRetry(this.#failure)) this.#failure = before.failure
      throw error
    }
  }

  async commit(): Promise<void> {
    this.#hasEnded = true
    if (this.#opening === undefined) {
      await Promise.all(this.#deferred)
      for (const action of this.#actions) runAction(action)
      return
    }
    // A work that asked nothing may end before BEGIN is answered; who was told the time sends COMMIT with it.
    if (this.#now === undefined && this.#foretold === undefined) await this.#opening.catch(() => undefined)
    const unsent = await this.#unsent()
    const known = this.#failure ?? this.#connection.lost() ?? unsent?.error
    if (known !== undefined) throw await this.rollback(known)
    const [commit, ...deferred] = await Promise.allSettled([
      this.#connection.control('COMMIT'),
      ...this.#deferred,
    ])
    // Answered before COMMIT was; their handlers need not have run yet.
    await Promise.all(this.#unanswered)
    if (commit.status === 'rejected') {
      if (commit.reason instanceof Skipped) throw await this.rollback(this.#failure ?? commit.reason)
      throw this.#commitFailure(toDatabaseError(commit.reason))
    }
    const refused = deferred.find((outcome) => outcome.status === 'rejected')
    if (commit.value.command !== 'COMMIT') {
      throw this.#failure ?? refused?.reason ?? new DatabaseError('ROLLED_BACK', 'COMMIT answered ROLLBACK')
    }
    for (const action of this.#actions) runAction(action)
    if (refused !== undefined) throw refused.reason
  }

  /**
   * Answers what to throw: a failure that a retry can heal wins over what the work made of it, and the statement
   * that failed over the "transaction is aborted" of the ones behind it.
   */
  async rollback(reason: unknown): Promise<unknown> {
    this.#hasEnded = true
    if (this.#opening === undefined) return reason
    if (this.#connection.lost() === undefined)
      await this.#connection.control('ROLLBACK').catch(() => undefined)
    const isEcho = reason instanceof DatabaseError && reason.code === 'ROLLED_BACK'
    return canRetry(this.#failure) || isEcho ? (this.#failure ?? reason) : reason
  }

  #commitFailure(error: DatabaseError): DatabaseError {
    const earlier = this.#failure
    // A statement before COMMIT that the server itself refused: COMMIT cannot have succeeded.
    if (earlier?.sqlState !== undefined && earlier.code !== 'COMMIT_UNKNOWN') return earlier
    if (!endsSession(error) && error.code !== 'COMMIT_UNKNOWN') return error
    const { sqlState } = error
    return new DatabaseError('COMMIT_UNKNOWN', `no answer to COMMIT: ${error.message}`, {
      sqlState,
      cause: error,
    })
  }

  async #unsent(from = 0): Promise<{ readonly error: unknown } | undefined> {
    for (let turn = 0; turn < UNSENT_TURNS && this.#deferred.length > from; turn += 1) await A_TURN
    const write = this.#deferred.slice(from).find((deferred) => this.#refused.has(deferred))
    return write === undefined ? undefined : this.#refused.get(write)
  }

  #control(name: string, savepoint: string): Promise<unknown> {
    return this.#track(this.#connection.control(name, `${name} ${savepoint}`))
  }

  /** Handled here at once: a pipelined failure that nobody awaits yet still fails COMMIT, by I1 and I2. */
  #track<T>(answer: Promise<T>): Promise<T> {
    const settled = answer.then(
      () => undefined,
      (error: unknown) => {
        this.#failure ??= toDatabaseError(error)
      },
    )
    this.#unanswered.add(settled)
    void settled.then(() => this.#unanswered.delete(settled))
    return answer
  }

  #refuse(): Promise<never> {
    const unbegun = this.#hasBegun ? undefined : this.#failure
    const refused = Promise.reject(unbegun ?? new DatabaseError('ENDED', 'the transaction has already ended'))
    refused.catch(() => undefined)
    return refused
  }
}

/** The same transaction, in another service's tables. */
class Visit implements SqlTransaction {
  readonly #tx: OpenTransaction
  readonly #seat: Seat

  constructor(tx: OpenTransaction, seat: Seat) {
    this.#tx = tx
    this.#seat = seat
  }

  get now(): number {
    return this.#tx.now
  }

  begun(): Promise<void> {
    return this.#tx.begun()
  }

  foretold(): number | undefined {
    return this.#tx.foretold()
  }

  hurry(): void {
    this.#tx.hurry()
  }

  as(database: object): SqlTransaction {
    return this.#tx.as(database)
  }

  query(statement: Statement | string, values: readonly unknown[] = []): Promise<Result> {
    return this.#tx.queryAt(this.#seat, statement, values)
  }

  defer(write: Promise<unknown>): void {
    this.#tx.defer(write)
  }

  savepoint<T>(work: () => Promise<T>): Promise<T> {
    return this.#tx.savepoint(work)
  }

  onCommit(action: () => void): void {
    this.#tx.onCommit(action)
  }
}

/** The commit is a fact by now: a wake-up that fails must not make it look like a failure. */
function runAction(action: () => void): void {
  try {
    action()
  } catch (error) {
    process.emitWarning(`onCommit: ${error instanceof Error ? error.message : String(error)}`)
  }
}
