// Owns: a reader of the log in the service's own database: one batch in one transaction with its position. What this
// process has put on the log it takes from its inbox, everything else it fetches.
// I1: a batch's cursors are locked before anything else and the log's heads last, as everywhere.
// I2: a cursor moves only from where it was read, in the batch's own transaction.
import type { Link, Transaction } from '@ensemble/runtime'
import { goesOut, type Message } from '@ensemble/core'
import { DatabaseError } from '../database/errors.ts'
import type { SqlTransaction } from '../database/types.ts'
import type { EngineDatabase } from '../engine.ts'
import type { Fetched } from './fetched.ts'
import { Inbox } from './inbox.ts'
import type { Handed } from './inbox.ts'
import type { Log } from './log.ts'
import type { News } from './news.ts'

export interface ReadingOptions {
  readonly service: string
  readonly database: EngineDatabase
  readonly topics: readonly string[]
  readonly partitionsMax: number
  readonly isTrusting: boolean
  readonly log: Log
  readonly news: News
  /** Has a batch's answers appended in its transaction, and tells of them. */
  readonly send: (tx: Transaction, messages: readonly Message[], append: Append) => Promise<void>
}

export type Append = () => Promise<readonly Handed[]>

type Handle = Parameters<Link['receive']>[1]

/** A cursor was moved, or was waited for in vain. */
const CONTENDED: ReadonlySet<string> = new Set(['MOVED', 'TIMEOUT'])

export class Reading {
  readonly #options: ReadingOptions
  readonly #inbox: Inbox
  readonly #callbacks: ((messages?: readonly Message[]) => boolean | void)[] = []
  readonly #off: () => void

  constructor(options: ReadingOptions) {
    this.#options = options
    this.#inbox = new Inbox(options.service)
    this.#off = options.news.on(options.topics, (said) => {
      this.#inbox.hear(said?.handed ?? null, ({ messages }) => this.#ring(messages))
      if (said === null || said.handed.length === 0) this.#ring(said?.messages)
    })
  }

  onNews(callback: (messages?: readonly Message[]) => boolean | void): void {
    this.#callbacks.push(callback)
  }

  close(): void {
    this.#off()
  }

  async receive(countMax: number, handle: Handle): Promise<number> {
    if (this.#options.topics.length === 0) return 0
    try {
      const handed = this.#options.isTrusting ? this.#inbox.take(countMax) : null
      const count = handed === null ? 0 : await this.#trust(handed, countMax, handle)
      // Where nobody tells of what others wrote, nothing to be read here is no reason not to look.
      const isTold = handed !== null && this.#options.database.profile.canListen
      return count > 0 || isTold ? count : await this.#look(countMax, handle)
    } catch (error) {
      this.#inbox.forget()
      throw error
    }
  }

  /** False when everybody who was told says that these mean nothing. */
  #ring(messages?: readonly Message[]): boolean {
    const answers = this.#callbacks.map((callback) => callback(messages))
    return answers.length === 0 || answers.some((answer) => answer !== false)
  }

  async #look(countMax: number, handle: Handle): Promise<number> {
    const { database, log, service, topics, partitionsMax } = this.#options
    return await database.transaction(
      async (tx) => {
        this.#inbox.looks()
        const fetched = await log.take(tx, { group: service, topics, countMax, partitionsMax })
        if (fetched.messages.length === 0) return 0
        const isPart = fetched.isCut || fetched.moves.length >= Math.min(partitionsMax, countMax)
        if (isPart) this.#inbox.looksAgain()
        // No news of what was left will come.
        if (isPart || fetched.moves.some(({ hasRest }) => hasRest)) tx.onCommit(() => this.#ring())
        return await this.#batch(tx, fetched, handle)
      },
      { isEarly: true },
    )
  }

  /** Believes that the cursors are where this reader left them; moving them on fails where they are not. */
  async #trust(handed: Fetched, countMax: number, handle: Handle): Promise<number> {
    const { database, log, service } = this.#options
    try {
      return await database.transaction(
        async (tx) => {
          if (this.#inbox.isContended) tx.defer(log.claim(tx, service, handed.moves))
          return await this.#batch(tx, handed, handle)
        },
        { isEarly: true },
      )
    } catch (error) {
      if (!(error instanceof DatabaseError) || !CONTENDED.has(error.code)) throw error
      // Another instance was here, or is: what there is to do only the log can tell.
      this.#inbox.contend()
      if (error.code !== 'MOVED') throw error
      return await this.#look(countMax, handle)
    }
  }

  async #batch(tx: SqlTransaction, { messages, moves, isCut }: Fetched, handle: Handle): Promise<number> {
    const { log, service, send } = this.#options
    const answers = messages.length === 0 ? [] : (await handle(tx, messages)).filter(goesOut)
    if (answers.length === 0) tx.defer(log.advance(tx, service, moves, moves.length))
    else await send(tx, answers, () => log.handOn(tx, service, { moves, messages: answers }))
    tx.onCommit(() => {
      this.#inbox.left(moves)
      // What has come meanwhile has told of itself.
      if (isCut) this.#ring()
    })
    return messages.length
  }
}
