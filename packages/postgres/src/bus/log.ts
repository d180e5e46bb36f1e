// Owns: the statements of the log and what this process knows of its topics. Does not own transactions.
// I1: a topic has its partitions before anything is appended to it; they never change.
// I2: `append`, `advance` and `handOn` send their statement before they return, so that COMMIT can follow in the same
// flush.
import type { Message } from '@ensemble/core'
import { BATCH_LENGTH_MAX, MessagesLost } from '@ensemble/runtime'
import type { Queryable } from '@ensemble/runtime'
import { DatabaseError } from '../database/errors.ts'
import { statementOf } from '../database/statement.ts'
import type { Statement } from '../database/statement.ts'
import { quoteName } from '../database/settings.ts'
import type { Database } from '../database/types.ts'
import { integer, text } from '../store/columns.ts'
import { statement } from '../store/statements.ts'
import { entriesOf } from './entries.ts'
import type { Entry } from './entries.ts'
import { fetchedOf } from './fetched.ts'
import { placed } from './inbox.ts'
import type { Handed } from './inbox.ts'
import type { Fetched, Move } from './fetched.ts'
import type { Columns } from '../store/columns.ts'

export interface LogOptions {
  /** Where the log's tables are. */
  readonly schema?: string
  /** Of a topic that is new. */
  readonly partitions?: number
}

export const SCHEMA_DEFAULT = 'bus'
/** As many as one service's instances are likely to be; each costs a head and a cursor row. */
const PARTITIONS_DEFAULT = 4

export interface Reading {
  readonly group: string
  readonly topics: readonly string[]
  readonly countMax: number
  readonly partitionsMax: number
}

/** The files say `bus.`, which is the default schema's name. */
export function inSchema(name: string, schema: string): Statement {
  const written = statement(name)
  return schema === SCHEMA_DEFAULT
    ? written
    : statementOf(name, written.text.replaceAll(/\bbus\.(?=log_)/g, `${quoteName(schema)}.`))
}

export class Log {
  readonly #database: Pick<Database, 'transaction'>
  readonly #partitions: number
  readonly #partitionCounts = new Map<string, number>()
  readonly #append: Statement
  readonly #fetch: Statement
  readonly #advance: Statement
  readonly #handOn: Statement
  readonly #claim: Statement
  readonly #topics: Statement
  readonly #topicCreate: Statement
  readonly #register: Statement

  constructor(database: Pick<Database, 'transaction'>, options: LogOptions) {
    const { schema = SCHEMA_DEFAULT, partitions = PARTITIONS_DEFAULT } = options
    this.#database = database
    this.#partitions = partitions
    this.#append = inSchema('log_append', schema)
    this.#fetch = inSchema('log_fetch', schema)
    this.#advance = inSchema('log_advance', schema)
    this.#handOn = inSchema('log_hand_on', schema)
    this.#claim = inSchema('log_claim', schema)
    this.#topics = inSchema('log_topics', schema)
    this.#topicCreate = inSchema('log_topic_create', schema)
    this.#register = inSchema('log_register', schema)
  }

  /** True once all topics are known, so that `append` needs no question first. */
  knows(messages: readonly Message[]): boolean {
    return messages.every(({ topic }) => this.#partitionCounts.has(topic))
  }

  /** Asks inside `tx`; only a topic that nobody has ever used costs a transaction of its own. */
  async learn(tx: Queryable, messages: readonly { readonly topic: string }[]): Promise<void> {
    const topics = new Set(messages.map(({ topic }) => topic))
    const unknown = await this.#ask(
      tx,
      [...topics].filter((topic) => !this.#partitionCounts.has(topic)),
    )
    if (unknown.length === 0) return
    await this.#create(unknown)
    const unseen = await this.#ask(tx, unknown)
    if (unseen.length === 0) return
    throw new DatabaseError('SERIALIZATION', `topics newer than the transaction: ${unseen.join(', ')}`)
  }

  async #create(unknown: readonly string[]): Promise<void> {
    const places = unknown.flatMap((topic) =>
      Array.from({ length: this.#partitions }, (_, partition) => ({ topic, partition })),
    )
    const topics = places.map(({ topic }) => topic)
    const partitions = places.map(({ partition }) => partition)
    await this.#database.transaction((own) => own.query(this.#topicCreate, [topics, partitions]))
    await this.#database.transaction((own) => this.#ask(own, unknown))
  }

  /** Answers those that are not there. */
  async #ask(tx: Queryable, topics: readonly string[]): Promise<readonly string[]> {
    if (topics.length === 0) return []
    const { rows } = await tx.query(this.#topics.text, [topics])
    for (const row of rows) this.#partitionCounts.set(text(row, 'topic'), integer(row, 'partition_count'))
    const there = new Set(rows.map((row) => text(row, 'topic')))
    return topics.filter((topic) => !there.has(topic))
  }

  /**
   * Plain text when `asText`, for a caller's own transaction. All topics must be known. Answers the entries with the
   * places that they have once the transaction has committed.
   */
  async append(tx: Queryable, messages: readonly Message[], asText = false): Promise<readonly Handed[]> {
    const entries = this.#entriesOf(messages)
    const { rows } = await tx.query(asText ? this.#append.text : this.#append, valuesOf(entries))
    return placed(entries, rows[0]?.['firsts'])
  }

  #entriesOf(messages: readonly Message[]): readonly Entry[] {
    return entriesOf(messages, (topic) => this.#partitionCounts.get(topic) ?? this.#partitions)
  }

  async register(group: string, topics: readonly string[]): Promise<void> {
    const known = topics.map((topic) => ({ topic }))
    await this.#database.transaction((tx) => this.learn(tx, known))
    await this.#database.transaction((tx) => tx.query(this.#register, [group, topics]))
  }

  /**
   * Locks cursors and reads behind them. Errors: MESSAGES_LOST.
   * A loss is believed when it is seen twice: at READ COMMITTED one statement may see a cursor as another reader has
   * just left it beside a head as it was before; the second sees both as they are, for the cursors are locked.
   */
  async take(tx: Queryable, reading: Reading): Promise<Fetched> {
    try {
      return fetchedOf(reading.group, await this.#rowsOf(tx, reading))
    } catch (error) {
      if (!(error instanceof MessagesLost)) throw error
      return fetchedOf(reading.group, await this.#rowsOf(tx, reading))
    }
  }

  async #rowsOf(
    tx: Queryable,
    { group, topics, countMax, partitionsMax }: Reading,
  ): Promise<readonly Columns[]> {
    // More partitions than messages would share out less than one each.
    const { rows } = await tx.query(this.#fetch, [
      group,
      topics,
      Math.min(partitionsMax, countMax),
      countMax,
      BATCH_LENGTH_MAX,
    ])
    return rows
  }

  /** Locks cursors without reading behind them. Raises MOVED when one is elsewhere, or somebody else's. */
  claim(tx: Queryable, group: string, moves: readonly Move[]): Promise<unknown> {
    return tx.query(this.#claim, [
      group,
      moves.map(({ topic }) => topic),
      moves.map(({ partition }) => partition),
      moves.map(({ from }) => from),
      moves.length,
    ])
  }

  /** Raises MOVED when fewer than `countMin` cursors are where they were read. */
  advance(tx: Queryable, group: string, moves: readonly Move[], countMin: number): Promise<unknown> {
    return tx.query(this.#advance, [...movesOf(group, moves), countMin])
  }

  /** `advance` of all of them and `append`, in this order and in one statement. */
  async handOn(
    tx: Queryable,
    group: string,
    { moves, messages }: { readonly moves: readonly Move[]; readonly messages: readonly Message[] },
  ): Promise<readonly Handed[]> {
    const entries = this.#entriesOf(messages)
    const values = [...movesOf(group, moves), moves.length, ...valuesOf(entries)]
    const { rows } = await tx.query(this.#handOn, values)
    return placed(entries, rows[0]?.['firsts'])
  }
}

function movesOf(group: string, moves: readonly Move[]): readonly unknown[] {
  return [
    group,
    moves.map(({ topic }) => topic),
    moves.map(({ partition }) => partition),
    moves.map(({ from }) => from),
    moves.map(({ to }) => to),
  ]
}

function valuesOf(entries: readonly Entry[]): readonly unknown[] {
  return [
    entries.map(({ topic }) => topic),
    entries.map(({ partition }) => partition),
    entries.map(({ ahead }) => ahead),
    entries.map(({ messages }) => messages.length),
    entries.map(({ text: packed }) => packed),
    entries.length,
  ]
}
