// Owns: one transaction of a scene on one side: it makes the steps it is told, one at a time, and says what came of
// them. It does not know which side that is.
import type { Message } from '@ensemble/core'
import { errorInfo, type Database, type Delivered, type Link, type Transaction } from '@ensemble/runtime'
import type { At, Call, Ports } from './calls.ts'
import { shownStep, type Step } from './script.ts'

/** How a transaction begins: by the database, by the bus (which sends what it ends with), by the bus with a batch. */
export type Opening = 'transaction' | 'sending' | { readonly receive: number }

class TakenBack extends Error {}

export interface ActorParts {
  /** Makes a transaction once: what it fails with is not tried again. */
  readonly database: Pick<Database, 'transaction'>
  readonly ports: Ports
  /** Called in each transaction, before its first step; awaited. */
  readonly begun?: (tx: Transaction) => Promise<void>
}

export class Actor {
  readonly #parts: ActorParts
  readonly #steps: Step[] = []
  #hear: (() => void) | null = null
  #underWay: string | null = null
  #answer: string | null = null
  #answered = Promise.withResolvers<void>()
  #hasEnded = false

  constructor(parts: ActorParts) {
    this.#parts = parts
  }

  /** The step that has no answer yet, or whose answer nobody has heard. */
  get underWay(): string | null {
    return this.#underWay
  }

  get isBusy(): boolean {
    return this.#underWay !== null && this.#answer === null
  }

  /** Its step has failed, and nobody has heard that yet. */
  get hasFailed(): boolean {
    return this.#answer !== null && /^[A-Z_]+$/.test(this.#answer)
  }

  get hasEnded(): boolean {
    return this.#hasEnded
  }

  /** Resolves when the step under way has its answer. */
  answered(): Promise<void> {
    return this.#answered.promise
  }

  do(step: Step): void {
    this.#underWay = shownStep(step)
    this.#answered = Promise.withResolvers<void>()
    if (step.do === 'begin') {
      this.#run(step.by).then(
        (answer) => this.#ended(answer),
        (error: unknown) => this.#ended(error instanceof TakenBack ? 'rolled back' : codeOf(error)),
      )
      return
    }
    this.#steps.push(step)
    this.#hear?.()
  }

  /** The answer that came since it was asked last. */
  heard(): { readonly step: string; readonly answer: string } | null {
    if (this.#answer === null || this.#underWay === null) return null
    const heard = { step: this.#underWay, answer: this.#answer }
    this.#answer = null
    this.#underWay = null
    return heard
  }

  async #run(by: Opening): Promise<string> {
    const { database, ports, begun } = this.#parts
    const work = async (tx: Transaction, said: string): Promise<readonly Message[]> => {
      await begun?.(tx)
      this.#say(said)
      return await this.#level({ ...ports, tx, seen: new Map() })
    }
    if (by === 'transaction') await database.transaction((tx) => work(tx, 'begun'))
    else if (by === 'sending') await sending(ports.link, (tx) => work(tx, 'begun'))
    else return await receiving(ports.link, by.receive, work)
    return 'committed'
  }

  /** The steps until the transaction, or the savepoint, ends; answers what is to be sent. */
  async #level(at: At): Promise<readonly Message[]> {
    for (;;) {
      const step = await this.#next()
      switch (step.do) {
        case 'call':
          this.#say(await step.call.run(at).then(plainText, codeOf))
          break
        case 'savepoint':
          await this.#savepoint(at)
          break
        case 'commit':
          for (const { run } of step.deferred) at.tx.defer(run(at))
          return step.messages
        case 'release':
          return []
        case 'roll back':
        case 'roll back to savepoint':
          throw new TakenBack(step.do)
        case 'begin':
          throw new Error('begun twice')
        default:
          step satisfies never
      }
    }
  }

  async #savepoint(at: At): Promise<void> {
    try {
      await at.tx.savepoint(async () => {
        this.#say('opened')
        await this.#level(at)
      })
      this.#say('released')
    } catch (error) {
      this.#say(error instanceof TakenBack ? 'taken back' : `taken back: ${codeOf(error)}`)
    }
  }

  async #next(): Promise<Step> {
    for (;;) {
      const step = this.#steps.shift()
      if (step !== undefined) return step
      await new Promise<void>((resolve) => {
        this.#hear = resolve
      })
    }
  }

  #ended(answer: string): void {
    this.#hasEnded = true
    this.#say(answer)
  }

  #say(answer: string): void {
    this.#answer = answer
    this.#answered.resolve()
  }
}

async function sending(link: Link, work: (tx: Transaction) => Promise<readonly Message[]>): Promise<void> {
  await link.transaction(async (tx) => ({ value: null, messages: await work(tx) }))
}

async function receiving(
  link: Link,
  countMax: number,
  work: (tx: Transaction, said: string) => Promise<readonly Message[]>,
): Promise<string> {
  const count = await link.receive(countMax, (tx, batch) => work(tx, `begun with ${shownBatch(batch)}`))
  return count === 0 ? 'nothing to receive' : 'committed'
}

function shownBatch(batch: readonly Delivered[]): string {
  return batch
    .map((one) => `${one.ok ? one.message.id : one.reason} (${one.topic} at ${one.position})`)
    .join(' ')
}

/** What calls answer that are made together. */
export async function answersOf(ports: Ports, tx: Transaction, calls: readonly Call[]): Promise<string[]> {
  const at: At = { ...ports, tx, seen: new Map() }
  return await Promise.all(calls.map(({ run }) => run(at).then(plainText, codeOf)))
}

function codeOf(error: unknown): string {
  return errorInfo(error).code
}

/** One text for one value, in whatever order its fields were written. */
export function plainText(value: unknown): string {
  return (
    JSON.stringify(value, (_, part: unknown) =>
      typeof part === 'object' && part !== null && !Array.isArray(part)
        ? Object.fromEntries(Object.entries(part).sort(([a], [b]) => (a < b ? -1 : 1)))
        : part,
    ) ?? 'done'
  )
}
