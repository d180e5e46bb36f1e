// Owns: one transaction of a scene on one database: it makes the steps it is told, one at a time, and says what came of
// them. It does not know which database that is.
import { errorInfo, type Transaction } from '@ensemble/runtime'
import type { At, Call, Ports } from './calls.ts'
import { shownStep, type Step } from './script.ts'

/** As both databases offer it; `triesMax` 1 shows a failure that they would try again. */
export interface Repeatable {
  transaction<T>(work: (tx: Transaction) => Promise<T>, options: { readonly triesMax: number }): Promise<T>
}

class TakenBack extends Error {}

export interface ActorParts {
  readonly database: Repeatable
  readonly ports: Ports
  /** Called once in each transaction, before its first step. */
  readonly begun?: (tx: Transaction) => void
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

  /** The step that has no answer yet. */
  get underWay(): string | null {
    return this.#underWay
  }

  /** Its step has neither an answer that was heard nor one that was not. */
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
      this.#run().then(
        () => this.#ended('committed'),
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

  async #run(): Promise<void> {
    const { database, ports, begun } = this.#parts
    await database.transaction(
      async (tx) => {
        begun?.(tx)
        this.#say('begun')
        await this.#level({ ...ports, tx, seen: new Map() })
      },
      { triesMax: 1 },
    )
  }

  /** The steps until the transaction, or the savepoint, ends. */
  async #level(at: At): Promise<void> {
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
          return
        case 'release':
          return
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
