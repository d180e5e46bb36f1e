// Owns: the verb receive: one batch from the bus, given to the verbs of this host in one transaction.
// I1: a batch that fails as a whole is halved until the one message is found; that one becomes a dead letter, answered where it
// asked for an operation, and the rest goes on.
// I2: a message that kills the worker is found by counting the first batch of a partition after a start or a failure, in a
// transaction of its own.
import type { Message } from '@ensemble/core'
import { advance, type AdvanceOptions } from './advance/advance.ts'
import { heardIn, type AdvanceWork } from './advance/signals.ts'
import { tell } from './diagnostics.ts'
import { errorInfo, EnsembleError } from './errors.ts'
import type { Shop } from './perform/answer.ts'
import { setAside } from './perform/fault.ts'
import { perform, storeScheduled, type PerformOptions } from './perform/perform.ts'
import { Picture } from './perform/picture.ts'
import { worksOf, type Service, type Work } from './perform/work.ts'
import type { Database, DeadLetter, Delivered, Link, StartEnd, Transaction } from './ports.ts'

/** What a history observer is given, in the batch's transaction. */
export interface Observer {
  readonly topics: readonly string[]
  readonly record: (tx: Transaction, messages: readonly Message[]) => Promise<void>
}

export interface ReceiveOptions {
  readonly service: Service
  readonly database: Database
  readonly link: Link
  readonly shop: Shop
  readonly perform: PerformOptions
  readonly advance: AdvanceOptions | null
  readonly observer: Observer | null
  /** Hears the ends of sagas; null when this host starts none. */
  readonly onEnded: ((ends: readonly StartEnd[]) => void) | null
  readonly batchCountMax: number
}

/** Codes after which the same batch may simply be tried again: nothing in it has side effects. */
const RACES: ReadonlySet<string> = new Set(['SERIALIZATION', 'DEADLOCK', 'UNIQUE', 'MOVED'])
const RACE_TRIES_MAX = 3

/** Codes that say nothing about the messages: the database is away, or did not say whether it committed. */
const AWAY: ReadonlySet<string> = new Set(['CONNECTION', 'TIMEOUT', 'COMMIT_UNKNOWN'])

/** First batches of a position that began and never ended, after which a message of it is held to kill the worker. */
const KILLS_MAX = 3

interface First {
  readonly partition: string
  readonly first: Delivered
}

/** Rolls a batch back so that its partitions' first batches can be counted before it is handled. */
class Uncounted extends Error {
  readonly firsts: readonly First[]

  constructor(firsts: readonly First[]) {
    super('first batches are not counted yet')
    this.firsts = firsts
  }
}

function firstOfPartitions(batch: readonly Delivered[]): readonly First[] {
  const firsts = new Map<string, Delivered>()
  for (const delivered of batch) {
    const partition = `${delivered.topic}/${delivered.partition}`
    if (!firsts.has(partition)) firsts.set(partition, delivered)
  }
  return [...firsts].map(([partition, first]) => ({ partition, first }))
}

/** Batches and single messages are counted apart, so that one count does not reset the other. */
function countedAt({ topic, partition }: Delivered, single: boolean): { readonly topic: string; readonly partition: number } {
  return { topic: single ? `${topic}!` : topic, partition }
}

export class Receiver {
  readonly #options: ReceiveOptions
  #countMax: number
  #races = 0
  /** Partitions whose first batch since the start or the last failure has ended. */
  readonly #proven = new Set<string>()
  /** How often the first batch at a position was begun, this time included. */
  readonly #tries = new Map<string, { readonly position: string; readonly tries: number }>()

  constructor(options: ReceiveOptions) {
    this.#options = options
    this.#countMax = options.batchCountMax
  }

  /** Receives one batch; returns the number of messages. */
  async step(): Promise<number> {
    const { link, service, batchCountMax } = this.#options
    let size = 0
    try {
      const count = await link.receive(this.#countMax, async (tx, batch) => {
        size = batch.length
        return await this.#handle(tx, batch)
      })
      this.#races = 0
      this.#countMax = Math.min(batchCountMax, this.#countMax * 2)
      if (count > 0) tell('receive', { service: service.name, count })
      return count
    } catch (error) {
      if (error instanceof Uncounted) return await this.#count(error)
      this.#proven.clear()
      this.#tries.clear()
      return await this.#failed(error, size)
    }
  }

  async #failed(error: unknown, size: number): Promise<number> {
    const { code } = errorInfo(error)
    tell('error', { service: this.#options.service.name, detail: `batch of ${size}`, error })
    if (AWAY.has(code) || size === 0) throw error
    if (RACES.has(code)) {
      this.#races += 1
      if (this.#races <= RACE_TRIES_MAX) return 1
      this.#races = 0
    }
    if (size > 1) {
      this.#countMax = Math.max(1, Math.floor(Math.min(size, this.#countMax) / 2))
      return 1
    }
    return await this.#options.link.receive(1, (tx, batch) => this.#bury(tx, batch, error))
  }

  async #handle(tx: Transaction, batch: readonly Delivered[]): Promise<readonly Message[]> {
    const deadly = this.#checkFirst(tx, batch)
    if (deadly !== null) return await this.#bury(tx, batch, deadly)
    return await handleBatch(tx, batch, this.#options)
  }

  /** A partition's first batch must be counted before it is handled; an error is returned when it has killed the worker too often. */
  #checkFirst(tx: Transaction, batch: readonly Delivered[]): Error | null {
    const { progress } = this.#options.database.stores
    const single = this.#countMax === 1
    const firsts = firstOfPartitions(batch).filter(({ partition }) => single || !this.#proven.has(partition))
    const uncounted = firsts.filter(({ partition, first }) => this.#tries.get(partition)?.position !== first.position)
    if (uncounted.length > 0) throw new Uncounted(uncounted)
    const tries = Math.max(0, ...firsts.map(({ partition }) => this.#tries.get(partition)?.tries ?? 0))
    for (const { partition, first } of firsts) {
      tx.onCommit(() => this.#proven.add(partition))
      if (tries > 1) tx.defer(progress.clear(tx, countedAt(first, single)))
    }
    if (tries <= KILLS_MAX) return null
    const death = `the worker died ${KILLS_MAX} times while it handled this`
    if (single) return new EnsembleError('KILLS_WORKER', death)
    this.#countMax = 1
    this.#tries.clear()
    throw new EnsembleError('KILLS_WORKER', `${death} batch; its messages are tried one by one`)
  }

  /** Counts first batches in a transaction of their own, which stands even if the batch kills the worker. */
  async #count({ firsts }: Uncounted): Promise<number> {
    const { database } = this.#options
    const single = this.#countMax === 1
    await database.transaction(async (tx) => {
      for (const { partition, first } of firsts) {
        const { position } = first
        const tries = await database.stores.progress.count(tx, { ...countedAt(first, single), position })
        this.#tries.set(partition, { position, tries })
      }
    })
    return 1
  }

  /** Puts messages that cannot be handled away, answering those that asked for an operation. */
  async #bury(tx: Transaction, batch: readonly Delivered[], error: unknown): Promise<readonly Message[]> {
    return await buried(tx, batch, { options: this.#options, error })
  }
}

/** Everything that one batch means for this host, in its transaction; returns what is to be sent. */
export async function handleBatch(tx: Transaction, batch: readonly Delivered[], options: ReceiveOptions): Promise<readonly Message[]> {
  const sorted = sortBatch(batch, options)
  const { database, service } = options
  const sent: Message[] = []
  if (sorted.works.length > 0) {
    const performed = await perform(tx, sorted.works, options.perform)
    sent.push(...performed.messages)
    tell('perform', { service: service.name, count: sorted.works.length })
  }
  if (options.advance !== null && sorted.advances.length > 0) {
    sent.push(...(await advance(tx, sorted.advances, options.advance)))
    tell('advance', { service: service.name, count: sorted.advances.length })
  }
  if (options.observer !== null && sorted.observed.length > 0) {
    await options.observer.record(tx, sorted.observed)
    tell('record', { service: service.name, count: sorted.observed.length })
  }
  const { onEnded } = options
  if (onEnded !== null && sorted.ends.length > 0) {
    tx.defer(database.stores.starts.ended(tx, sorted.ends))
    tx.onCommit(() => onEnded(sorted.ends))
  }
  if (sorted.deadLetters.length > 0) tx.defer(database.stores.deadLetters.insert(tx, sorted.deadLetters))
  sent.push(...setAsideAll(tx, sorted.unknown, options))
  return sent
}

interface Unknown {
  readonly message: Message
  readonly error: unknown
}

interface Sorted {
  readonly works: Work[]
  readonly advances: AdvanceWork[]
  readonly observed: Message[]
  readonly ends: StartEnd[]
  readonly unknown: Unknown[]
  readonly deadLetters: DeadLetter[]
}

function sortBatch(batch: readonly Delivered[], options: ReceiveOptions): Sorted {
  const sorted: Sorted = { works: [], advances: [], observed: [], ends: [], unknown: [], deadLetters: [] }
  const observes = new Set(options.observer?.topics ?? [])
  for (const delivered of batch) {
    if (!delivered.ok) {
      sorted.deadLetters.push(undecodable(delivered))
      continue
    }
    const { message } = delivered
    if (observes.has(delivered.topic)) sorted.observed.push(message)
    if (options.advance !== null) sorted.advances.push(...heardIn(message))
    if (options.onEnded !== null && message.type === 'ended') sorted.ends.push({ saga: message.saga, ...message.end })
    try {
      sorted.works.push(...worksOf(options.service, message))
    } catch (error) {
      sorted.unknown.push({ message, error })
    }
  }
  return sorted
}

function undecodable(delivered: Extract<Delivered, { readonly ok: false }>): DeadLetter {
  const { topic, partition, position, reason, text } = delivered
  return { id: `${topic}/${partition}/${position}`, topic, reason: 'UNDECODABLE', detail: reason, text }
}

function setAsideAll(tx: Transaction, unknown: readonly Unknown[], options: ReceiveOptions): readonly Message[] {
  if (unknown.length === 0) return []
  const picture = emptyPicture(tx)
  for (const { message, error } of unknown) {
    const what = message.type === 'retry' ? { message: message.message, attempt: message.attempt } : { message, attempt: 0 }
    setAside(options.shop, picture, what, errorInfo(error))
  }
  storeScheduled(tx, picture.scheduled, options.database.stores)
  return picture.messages
}

function emptyPicture(tx: Transaction): Picture {
  return new Picture({ now: tx.now, horizon: 0, operations: new Map(), rows: new Map(), claims: new Map() })
}

async function buried(
  tx: Transaction,
  batch: readonly Delivered[],
  { options, error }: { options: ReceiveOptions; error: unknown },
): Promise<readonly Message[]> {
  const info = errorInfo(error)
  const sorted = sortBatch(batch, { ...options, advance: null, observer: null, onEnded: null })
  const letters = batch.map((delivered): DeadLetter => {
    if (!delivered.ok) return undecodable(delivered)
    const { topic, partition, position, message } = delivered
    const detail = `${info.code}: ${info.message}`
    return { id: `${topic}/${partition}/${position}`, topic, reason: 'UNHANDLED', detail, text: JSON.stringify(message) }
  })
  tx.defer(options.database.stores.deadLetters.insert(tx, letters))
  const runs = sorted.works.filter((work) => work.do === 'run')
  const performed = await perform(tx, runs, { ...options.perform, refuse: info })
  return performed.messages
}
