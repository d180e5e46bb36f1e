// Owns: what the verbs need from the world, as narrow as their need. Adapters: @ensemble/postgres,
// @ensemble/memory, @ensemble/kafka.
// I1: a transaction is always an argument, never ambient.
// I2: every store call takes many rows: one batch costs as many calls as one message.
// I3: rows are returned locked (`FOR UPDATE`, ordered by key); updates carry the version that was read and
// raise when it moved.
import type { Cancel, Message, SagaRef, SagaState, Time, Unpacked } from '@ensemble/core'

export interface Statement {
  readonly name: string
  readonly text: string
}

export interface Result {
  readonly rows: readonly Record<string, unknown>[]
  readonly count: number
}

/**
 * What a team's own transaction must offer so that a saga can be started inside it: pg, kysely or drizzle
 * can.
 */
export interface Queryable {
  query(statement: Statement | string, values?: readonly unknown[]): Promise<Result>
}

export interface Transaction extends Queryable {
  /** The database's clock at BEGIN, epoch milliseconds; known once `begun` resolves, or a statement was answered. */
  readonly now: Time
  /** Where work may begin before BEGIN is answered: resolves when it is. */
  begun?(): Promise<void>
  /**
   * The database's time as it is known before it is asked, late by some milliseconds and never ahead; undefined where
   * it has to be asked. The same for all who ask in this transaction; nothing but the database may be waited for from
   * then on. What is decided with it leaves in one flush with BEGIN and COMMIT.
   */
  foretold?(): Time | undefined
  /** From now on it waits for a lock for a moment only; then its statement fails with TIMEOUT. */
  hurry?(): void
  /** The same transaction in the tables of another database with the same `home`. */
  as?(database: Database): Transaction
  /** A write whose result is awaited together with COMMIT. */
  defer(write: Promise<unknown>): void
  savepoint<T>(work: () => Promise<T>): Promise<T>
  /** Runs after a successful commit. */
  onCommit(action: () => void): void
}

/** Thrown by adapters; `code` is stable. The engine acts on these codes only. */
export type DatabaseErrorCode =
  | 'SERIALIZATION'
  | 'DEADLOCK'
  | 'UNIQUE'
  | 'MOVED'
  | 'COMMIT_UNKNOWN'
  | 'CONNECTION'
  | 'TIMEOUT'
  | 'ROLLED_BACK'
  | 'SQL'

export type OperationStatus =
  | 'set_aside'
  | 'calling'
  | 'deferred'
  | 'succeeded'
  | 'rejected'
  | 'withdrawn'
  | 'faulted'
  | 'unknown'

/** One direction of one step of one saga, or one event handled by one subscriber. */
export interface OperationRow {
  readonly id: string
  readonly status: OperationStatus
  /**
   * Which keyed row it is about: handler group and key; lets `deferred` operations be loaded with their
   * aggregate.
   */
  readonly owner: string
  readonly key: string
  readonly attempt: number
  /** What was asked, kept while unanswered: packed message (command, slip event or start). */
  readonly origin: string | null
  /** What was sent as the answer, packed, so that it can be sent again with the same ids. */
  readonly sent: string | null
  /** A cancel that waits for the call, or for the parked decision. */
  readonly wish: Cancel | null
  /** The highest `again: n` that was answered by sending once more. */
  readonly again: number
  /** Effects only: when the next call, or the takeover of a dead worker's, is due. */
  readonly dueAt: Time | null
  /** Effects only: an earlier call may have landed. */
  readonly doubt: boolean
  /** The decision after the answer is parked: a plan function threw. */
  readonly parked: string | null
  /** 0 for a row that is new in this transaction. */
  readonly version: number
}

export interface OperationStore {
  /** Rows by id, and the deferred ones of these owners, locked. */
  load(
    tx: Transaction,
    what: { readonly ids: readonly string[]; readonly deferredOf: readonly { owner: string; key: string }[] },
  ): Promise<readonly OperationRow[]>
  insert(tx: Transaction, rows: readonly OperationRow[]): Promise<void>
  update(tx: Transaction, rows: readonly OperationRow[]): Promise<void>
  /**
   * Claims due intents of effects by one conditional UPDATE: `calling`, attempt + 1, due again at `now +
   * leaseMs`; one that was
   * `calling` already belonged to a dead or slow worker: it is in doubt.
   */
  claimDue(
    tx: Transaction,
    what: { readonly owners: readonly string[]; readonly leaseMs: number; readonly countMax: number },
  ): Promise<readonly OperationRow[]>
  /** Deletes answered rows that have not changed since `before`; at most `countMax`; returns how many. */
  prune(tx: Transaction, what: { readonly before: Time; readonly countMax: number }): Promise<number>
}

/** A saga of the orchestrator. `state` is null while only a cancel is known: it came before the start. */
export interface SagaRow {
  readonly plan: string
  readonly id: string
  readonly state: SagaState | null
  readonly wish: Cancel | null
  /** Why the next decision cannot be made, e.g. `PLAN_THROWS`. */
  readonly parked: string | null
  readonly version: number
}

export interface SagaStore {
  load(tx: Transaction, ids: readonly { plan: string; id: string }[]): Promise<readonly SagaRow[]>
  insert(tx: Transaction, rows: readonly SagaRow[]): Promise<void>
  update(tx: Transaction, rows: readonly SagaRow[]): Promise<void>
  prune(tx: Transaction, what: { readonly before: Time; readonly countMax: number }): Promise<number>
}

/** A saga as its starter knows it: gives idempotency by id, and tells "not there yet" from "unknown". */
export interface StartRow {
  readonly saga: SagaRef
  readonly version: number
  readonly inputFingerprint: string
  /** The start message, packed: sent again (`again: n`) when messages were lost. */
  readonly sent: string
  readonly startedAt: Time
  readonly ended: { readonly status: 'completed' | 'compensated'; readonly data: unknown } | null
}

export interface StartStore {
  load(tx: Queryable, ids: readonly { plan: string; id: string }[]): Promise<readonly StartRow[]>
  /** Plain insert: raises UNIQUE when one is there. */
  insert(tx: Queryable, rows: readonly StartRow[]): Promise<void>
  /** Marks starts as ended; those that are not this starter's are ignored. */
  ended(tx: Transaction, ends: readonly StartEnd[]): Promise<void>
  /** Deletes ended starts that are older than `before`. */
  prune(tx: Transaction, what: { readonly before: Time; readonly countMax: number }): Promise<number>
}

export interface StartEnd {
  readonly saga: SagaRef
  readonly status: 'completed' | 'compensated'
  readonly data: unknown
}

/** Messages with a due time, packed. */
export interface ScheduledStore {
  insert(
    tx: Transaction,
    rows: readonly { readonly dueAt: Time; readonly messages: readonly Message[] }[],
  ): Promise<void>
  /** Deletes what is due and returns it, oldest first; bounded in its length, too (BATCH_LENGTH_MAX). */
  takeDue(tx: Transaction, countMax: number): Promise<readonly Message[]>
  /** The earliest due time, null when nothing is scheduled. */
  nextDue(tx: Queryable): Promise<Time | null>
}

/** Unique values, e.g. an e-mail address: `value -> owner key`. */
export interface ClaimStore {
  load(tx: Transaction, values: readonly string[]): Promise<ReadonlyMap<string, string>>
  insert(tx: Transaction, claims: readonly { value: string; owner: string }[]): Promise<void>
  release(tx: Transaction, values: readonly string[]): Promise<void>
}

export interface DeadLetter {
  readonly id: string
  readonly topic: string
  readonly reason: string
  readonly detail: string
  readonly text: string
}

export interface DeadLetterStore {
  insert(tx: Transaction, letters: readonly DeadLetter[]): Promise<void>
  list(tx: Queryable, countMax: number): Promise<readonly (DeadLetter & { readonly at: Time })[]>
}

export interface OutboxStore {
  insert(
    tx: Queryable,
    row: { readonly id: string; readonly messages: readonly Message[]; readonly claimAfterMs: number },
  ): Promise<void>
  remove(db: Queryable, ids: readonly string[]): Promise<void>
  /** Claims rows that their sender left behind, by one conditional UPDATE. */
  claim(
    db: Queryable,
    what: { readonly countMax: number; readonly claimAfterMs: number },
  ): Promise<readonly { readonly id: string; readonly messages: readonly Message[] }[]>
}

/** How often an instance began the batch at a position: finds the message that kills the worker. */
export interface ProgressStore {
  /** Counts one more try of this position and returns the tries so far, this one included. */
  count(tx: Transaction, at: { topic: string; partition: number; position: string }): Promise<number>
  clear(tx: Transaction, at: { topic: string; partition: number }): Promise<void>
}

/**
 * The plan versions that were ever run here, and the horizon before which nothing is executed without a row.
 */
export interface RegistryStore {
  /** Registers plan versions and returns the outlines stored first. */
  plans(
    tx: Transaction,
    plans: readonly { name: string; version: number; outline: string }[],
  ): Promise<readonly { name: string; version: number; outline: string }[]>
  horizon(tx: Queryable): Promise<Time>
  moveHorizon(tx: Transaction, to: Time): Promise<void>
}

export interface Stores {
  readonly operations: OperationStore
  readonly sagas: SagaStore
  readonly starts: StartStore
  readonly scheduled: ScheduledStore
  readonly claims: ClaimStore
  readonly deadLetters: DeadLetterStore
  readonly outbox: OutboxStore
  readonly progress: ProgressStore
  readonly registry: RegistryStore
}

export interface Database extends Queryable {
  readonly stores: Stores
  /** Databases of one process that have the same may be in each other's transactions: `Transaction.as`. */
  readonly home?: object | undefined
  /** Work that is `isEarly` may begin before BEGIN is answered, and asks `begun` for the time only then. */
  transaction<T>(work: (tx: Transaction) => Promise<T>, options?: { readonly isEarly?: boolean }): Promise<T>
}

/** A message as a bus delivered it; what could not be decoded is delivered too. */
export type Delivered = Unpacked & {
  readonly topic: string
  readonly partition: number
  readonly position: string
}

/** A bus in another place than the service's database. */
export interface Transport {
  /** Durable when it resolves. */
  send(messages: readonly Message[]): Promise<void>
  /**
   * Refuses, before they are committed, messages that this bus can never carry; throws an error with a code. Nobody
   * changes a message from here on.
   */
  check?(messages: readonly Message[]): void
  subscribe(what: { readonly group: string; readonly topics: readonly string[] }): Promise<Subscription>
  close(): Promise<void>
}

export interface Subscription {
  /**
   * The next messages, at most `countMax` and no longer than BATCH_LENGTH_MAX, but one at least; held until done or
   * released; null when there are none now.
   */
  take(countMax: number): Promise<Delivery | null>
  /** As `Link.onNews`; asked about messages that have come it says which need not be handed out. */
  onNews(news: (messages?: readonly Message[]) => boolean | void): void
  close(): Promise<void>
}

export interface Delivery {
  readonly messages: readonly Delivered[]
  /**
   * Moves the group's position past these messages; moved by somebody else meanwhile is harmless. What another process
   * would be given may move a moment later, at the latest when the subscription closes.
   */
  done(): Promise<void>
  /** Gives them back unmoved. */
  release(): Promise<void>
}

/**
 * A host's connection to the bus. Messages that `work` returns are durable with its transaction and on the
 * bus after it.
 */
export interface Link {
  /**
   * News come for whatever is put on the bus, as soon as it may be received, from this process and from others. Where
   * not, receiving ends when nothing is found.
   */
  readonly tellsAll?: boolean
  /** What `goesOut` says of these goes over the bus when the transaction has committed; so it is with `receive`. */
  transaction<T>(
    work: (tx: Transaction) => Promise<{ readonly value: T; readonly messages: readonly Message[] }>,
  ): Promise<T>
  /**
   * Handles the next batch in one transaction with its position: at most `countMax` messages, no longer than
   * BATCH_LENGTH_MAX, but one at least. Returns their number, 0 when there were none.
   */
  receive(
    countMax: number,
    handle: (tx: Transaction, batch: readonly Delivered[]) => Promise<readonly Message[]>,
  ): Promise<number>
  /** Puts messages into a caller's own transaction. */
  put(tx: Queryable, messages: readonly Message[]): Promise<void>
  /** Sends what crashed senders left behind; returns how many batches. */
  relay(): Promise<number>
  /**
   * Calls back whenever there may be something new; with the messages where they are known, and are all of it. Where
   * the answer is false these mean nothing to whoever receives here: they need not be received.
   */
  onNews(news: (messages?: readonly Message[]) => boolean | void): void
  close(): Promise<void>
}

export interface Bus {
  connect(what: {
    readonly service: string
    readonly database: Database
    readonly topics: readonly string[]
  }): Promise<Link>
}

export interface Clock {
  /** Epoch milliseconds of this process; due times use the database's clock instead. */
  now(): Time
  /** Resolves after `ms`, or at once when the signal aborts. */
  sleep(ms: number, signal: AbortSignal): Promise<void>
}

export interface Stopwatch {
  /** Milliseconds since some moment: nobody sets them back, but they may stand still while the machine sleeps. */
  elapsed(): number
}

export interface Ids {
  /** A new unique id, sortable by time. */
  next(): string
  /** A number in [0, 1). */
  chance(): number
}

/**
 * Keyed rows of one table, loaded and stored in bulk. What is stored is loaded again as it was: within a transaction
 * what a rule has returned stands for the row.
 */
export interface Rows<State> {
  readonly name: string
  /** Locked, ordered by key. */
  load(tx: Transaction, keys: readonly string[]): Promise<ReadonlyMap<string, State>>
  insert(tx: Transaction, rows: readonly Row<State>[]): Promise<void>
  update(tx: Transaction, rows: readonly Row<State>[]): Promise<void>
}

export interface Row<State> {
  readonly key: string
  readonly state: State
}

/** Appended rows, e.g. a ledger. */
export interface Entries<Entry> {
  readonly name: string
  append(tx: Transaction, entries: readonly Entry[]): Promise<void>
}
