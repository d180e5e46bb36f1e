// Owns: the verb receive: one batch from the bus, given to the verbs of this host in one transaction.
// I1: a batch that fails as a whole is halved until the one message is found; that one becomes a dead letter,
// answered where it asked for an operation, and the rest goes on.
// I2: a message that kills the worker is found by counting the first batch of a partition after a start or a
// failure, in a transaction of its own.
import type { Message } from '@ensemble/core'
import { tell } from './diagnostics.ts'
import { buried, concernOf, handleBatch, type BatchOptions } from './dispatch.ts'
import { errorInfo, EnsembleError } from './errors.ts'
import type { Delivered, Link, Transaction } from './ports.ts'
import { Apart } from './shell/apart.ts'
import { RACES, RACE_TRIES_MAX } from './shell/race.ts'

export interface ReceiveOptions extends BatchOptions {
  readonly link: Link
  readonly batchCountMax: number
}

/** Codes that say nothing about the messages: the database is away, or did not say whether it committed. */
const AWAY: ReadonlySet<string> = new Set(['CONNECTION', 'TIMEOUT', 'COMMIT_UNKNOWN'])

/**
 * First batches of a position that began and never ended, after which a message of it is held to kill the
 * worker.
 */
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

/**
 * A message was counted to be handled alone; until it comes others are given back, so that they are not
 * counted in vain.
 */
class NotYet extends Error {}

/** How often others are given back before the counted message is taken for somebody else's. */
const AWAIT_MAX = 100

/** A message of this batch kills the worker; which one is not known yet. */
class DeadlyBatch extends Error {}

function firstOfPartitions(batch: readonly Delivered[]): readonly First[] {
  const firsts = new Map<string, Delivered>()
  for (const delivered of batch) {
    const partition = partitionOf(delivered)
    const known = firsts.get(partition)
    if (known === undefined || isBefore(delivered, known)) firsts.set(partition, delivered)
  }
  return [...firsts].map(([partition, first]) => ({ partition, first }))
}

/**
 * By position, not by place in the batch: a bus that gives a batch in another order each time must not be
 * counted anew each time.
 */
function isBefore({ position: left }: Delivered, { position: right }: Delivered): boolean {
  return left.length === right.length ? left < right : left.length < right.length
}

function partitionOf({ topic, partition }: Delivered): string {
  return `${topic}/${partition}`
}

/**
 * A message that failed alone. The next batch need not bring it: another partition may come first, another
 * instance take it.
 */
interface Suspect {
  readonly position: string
  readonly error: unknown
  /** Its first burial failed too: it is put away without an answer. */
  readonly silent: boolean
}

/** Batches and single messages are counted apart, so that one count does not reset the other. */
function countedAt(
  { topic, partition }: Delivered,
  single: boolean,
): { readonly topic: string; readonly partition: number } {
  return { topic: single ? `${topic}!` : topic, partition }
}

export class Receiver {
  readonly #options: ReceiveOptions
  #countMax: number
  #races = 0
  readonly #apart = new Apart()
  /** The batch under way is handled once more, because its transaction was rolled back. */
  #isRepeated = false
  /** In the last try something was done at home. */
  #wasLocal = false
  /** Partitions whose first batch since the start or the last failure has ended. */
  readonly #proven = new Set<string>()
  /** How often the first batch at a position was begun, this time included. */
  readonly #tries = new Map<string, { readonly position: string; readonly tries: number }>()
  readonly #suspects = new Map<string, Suspect>()
  /** The partition whose counted message is to be handled alone next. */
  #awaited: { readonly partition: string; left: number } | null = null
  /** Batches that may still be received one by one to find a suspect. */
  #patience = 0

  constructor(options: ReceiveOptions) {
    this.#options = options
    this.#countMax = options.batchCountMax
  }

  /**
   * Calls back when there may be something to receive that means something here; `observed` when that is only observed.
   * What means nothing is received with what does, or when the host looks anyway, or not at all: a transaction of its
   * own would only move a cursor.
   */
  onNews({ concerned, observed }: { readonly concerned: () => void; readonly observed: () => void }): void {
    const { link } = this.#options
    link.onNews((messages) => {
      const found = messages?.map((message) => this.#concernOf(message)) ?? ['concerned']
      if (found.includes('concerned')) concerned()
      else if (found.includes('observed')) observed()
      return found.some((concern) => concern !== null)
    })
  }

  /** What cannot be read is received all the same, and put away then. */
  #concernOf(message: Message): ReturnType<typeof concernOf> {
    try {
      return concernOf(message, this.#options)
    } catch {
      return 'concerned'
    }
  }

  /** Receives one batch; true when there may be more to receive. */
  async step(): Promise<boolean> {
    const { link, service, batchCountMax, runner } = this.#options
    const countMax = this.#countMax
    let first: Delivered | undefined
    this.#isRepeated = false
    this.#wasLocal = false
    try {
      const count = await runner.run(() =>
        link.receive(countMax, async (tx, batch) => {
          first = batch[0]
          return await this.#handle(tx, batch)
        }),
      )
      this.#races = 0
      if (count > 0) {
        this.#found(first)
        this.#apart.done()
      }
      if (this.#suspects.size === 0) this.#countMax = Math.min(batchCountMax, this.#countMax * 2)
      if (count > 0) tell('receive', { service: service.name, count })
      // Told of what comes while a batch is handled, nobody need look after a small one, which took all there was.
      return link.tellsAll === true ? count * 2 >= countMax : count > 0
    } catch (error) {
      if (error instanceof Uncounted) return await this.#count(error)
      if (error instanceof NotYet) return true
      if (error instanceof DeadlyBatch) return this.#oneByOne(error)
      // What was counted stays counted: this instance has survived it.
      this.#proven.clear()
      return this.#failed(error, first)
    }
  }

  #oneByOne(error: DeadlyBatch): boolean {
    tell('error', { service: this.#options.service.name, detail: 'deadly batch', error })
    this.#countMax = 1
    this.#tries.clear()
    return true
  }

  #failed(error: unknown, first: Delivered | undefined): boolean {
    const { code } = errorInfo(error)
    tell('error', {
      service: this.#options.service.name,
      detail: `batch of at most ${this.#countMax}`,
      error,
    })
    // The batch may have been too much for the time it had; alone, no message is blamed for that. At home it may have
    // waited for a lock.
    if (code === 'TIMEOUT' && this.#countMax > 1 && !this.#wasLocal)
      this.#countMax = Math.floor(this.#countMax / 2)
    if (this.#wasLocal && code === 'TIMEOUT') {
      // A lock was waited for: that says as little about the messages as a lost race.
      this.#apart.raced()
      return true
    }
    this.#apart.failed(code)
    if (AWAY.has(code) || first === undefined) throw error
    if (RACES.has(code)) {
      this.#races += 1
      if (this.#races <= RACE_TRIES_MAX) return true
      this.#races = 0
    }
    if (this.#wasLocal) return true
    if (this.#countMax > 1) {
      this.#countMax = Math.floor(this.#countMax / 2)
      return true
    }
    const partition = partitionOf(first)
    const silent = this.#suspects.get(partition)?.position === first.position
    this.#suspects.set(partition, { position: first.position, error, silent })
    this.#patience = this.#options.batchCountMax
    return true
  }

  /** A suspect is over when its partition has moved, or when it has not come back for long. */
  #found(first: Delivered | undefined): void {
    if (first !== undefined) this.#suspects.delete(partitionOf(first))
    this.#patience -= 1
    if (this.#patience <= 0) this.#suspects.clear()
  }

  async #handle(tx: Transaction, batch: readonly Delivered[]): Promise<readonly Message[]> {
    const deadly = this.#checkFirst(tx, batch)
    const [first] = batch
    const known = first === undefined ? undefined : this.#suspects.get(partitionOf(first))
    const suspect = known?.position === first?.position ? known : undefined
    const isLocal = !this.#apart.isNext && !this.#isRepeated
    this.#isRepeated = true
    this.#wasLocal = false
    const onHome = isLocal ? (): void => void (this.#wasLocal = true) : null
    if (deadly === null && suspect === undefined) return await handleBatch(tx, batch, this.#options, onHome)
    const { error, silent } = suspect ?? { error: deadly, silent: false }
    return await buried(tx, batch, { options: this.#options, error, silent })
  }

  /**
   * A partition's first batch must be counted before it is handled; an error is returned when it has killed
   * the worker too often.
   */
  #checkFirst(tx: Transaction, batch: readonly Delivered[]): Error | null {
    const { progress } = this.#options.database.stores
    const single = this.#countMax === 1
    const firsts = firstOfPartitions(batch).filter(({ partition }) => single || !this.#proven.has(partition))
    const uncounted = firsts.filter(
      ({ partition, first }) => this.#tries.get(partition)?.position !== first.position,
    )
    if (single) this.#awaitCounted(firsts)
    if (uncounted.length > 0) throw new Uncounted(uncounted)
    const tries = Math.max(0, ...firsts.map(({ partition }) => this.#tries.get(partition)?.tries ?? 0))
    if (tries > 1) this.#apart.killed()
    for (const { partition, first } of firsts) {
      tx.onCommit(() => this.#proven.add(partition))
      if (tries > 1) tx.defer(progress.clear(tx, countedAt(first, single)))
    }
    if (tries <= KILLS_MAX) return null
    const death = `the worker died ${KILLS_MAX} times while it handled this`
    if (single) return new EnsembleError('KILLS_WORKER', death)
    throw new DeadlyBatch(`${death} batch; its messages are tried one by one`)
  }

  #awaitCounted(firsts: readonly First[]): void {
    const awaited = this.#awaited
    if (awaited === null) return
    if (awaited.left <= 0 || firsts.some(({ partition }) => partition === awaited.partition)) {
      this.#awaited = null
      return
    }
    awaited.left -= 1
    throw new NotYet()
  }

  /** Counts first batches in a transaction of their own, which stands even if the batch kills the worker. */
  async #count({ firsts }: Uncounted): Promise<boolean> {
    const { database } = this.#options
    const single = this.#countMax === 1
    const [only] = firsts
    if (single && only !== undefined) this.#awaited = { partition: only.partition, left: AWAIT_MAX }
    await database.transaction(async (tx) => {
      for (const { partition, first } of firsts) {
        const { position } = first
        const tries = await database.stores.progress.count(tx, { ...countedAt(first, single), position })
        this.#tries.set(partition, { position, tries })
      }
    })
    return true
  }
}
