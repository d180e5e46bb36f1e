// Owns: the outside world that effects call: providers that keep what they were asked for under its key, answer late,
// not at all, or say that they did nothing; and a record of what was really done there.
// I1: a call that has landed counts, whatever the caller hears of it.
// I2: under one key a thing is done once; what was voided before it came is not done at all.
import { rejected, succeeded, type Outcome, type Time } from '@ensemble/core'
import { NotDone, type EffectCall } from '@ensemble/runtime'
import type { Chance } from './chance.ts'
import type { Faults } from './faults.ts'
import type { Process } from './process.ts'
import type { Schedule } from './schedule.ts'

/** What was done at a provider under one key (the id of an operation's run). */
export interface Deed {
  /** Calls that reached the provider. */
  readonly landed: number
  /** How often the thing was really done. */
  readonly done: number
  /** How often it was taken back. */
  readonly undone: number
  readonly isVoid: boolean
}

const KILLED = 'by a handler that kills'

/** A provider that knows a call by its key, in a manner that is drawn. */
const KEYED = { manner: null, hasKeys: true } as const

/** Longer than a worker may be silent before another one makes its call. */
const PAUSE_MS_MAX = 30_000

const NOTHING: Deed = { landed: 0, done: 0, undone: 0, isVoid: false }

/** How a provider takes the calls of one key: as long as there are faults, but for refusals. */
export type Manner = 'ok' | 'reject' | 'slow' | 'silent' | 'not done' | 'refuse once'

/** What a service's handlers get to reach the outside. */
export interface Outside {
  /**
   * The bug that brings a whole process down: until a newer program is deployed, or at each try of this mark. `from`
   * is when the first program with this bug is deployed; from the beginning unless given.
   */
  poison(what: { readonly mark: string; readonly isRepairable: boolean; readonly from?: Time }): void
  /** A bug that does so in every program from a time on. Deaths are not counted: all messages are read again. */
  poisonFrom(from: Time): void
  /**
   * Calls a provider: answered late, never, or refused before anything was done. `manner` is how it takes this call,
   * null for drawn; one without keys does again what it is asked again. Errors: NotDone when surely nothing happened.
   */
  ask(
    call: Pick<EffectCall<unknown>, 'operation' | 'run'>,
    how?: { readonly manner: Manner | null; readonly hasKeys: boolean },
  ): Promise<Outcome>
}

interface Parts {
  readonly schedule: Schedule
  readonly faults: Faults
  readonly chance: Chance
  readonly tell: (who: string, what: string) => void
}

export class World {
  readonly deeds = new Map<string, Deed>()
  /** How often a handler has brought its process down, by mark. */
  readonly deaths = new Map<string, number>()
  readonly #parts: Parts
  /** Of those that refuse once. */
  readonly #refused = new Set<string>()
  /** What no newer program repairs. */
  readonly #fatal = new Set<string>()

  constructor(parts: Parts) {
    this.#parts = parts
  }

  outsideOf(process: Process): Outside {
    return {
      poison: ({ mark, isRepairable, from = 0 }) => {
        if (this.#parts.schedule.now < from) return
        const isHit = this.#fatal.has(mark) || this.#parts.faults.hit('poison', process.name)
        if (isHit && !isRepairable) this.#fatal.add(mark)
        if (!isHit) return
        // What comes again is searched for again, each message of it.
        if (from === 0) this.deaths.set(mark, (this.deaths.get(mark) ?? 0) + 1)
        process.end('crash', KILLED)
      },
      poisonFrom: (from) => {
        if (this.#parts.schedule.now >= from) process.end('crash', KILLED)
      },
      ask: ({ operation, run }, { manner, hasKeys } = KEYED) =>
        new Promise((resolve, reject) => {
          if (!process.calls('provider')) return
          const { schedule, faults, chance, tell } = this.#parts
          const how = this.#mannerOf(manner, run ?? operation)
          tell(process.name, `asks the provider: ${operation}, which is ${how}`)
          if (how === 'not done') {
            schedule.after(chance.int(1, 50), () =>
              process.hears(() => reject(new NotDone('the provider is closed'))),
            )
            return
          }
          const outMs = how === 'slow' ? chance.int(500, 4_000) : chance.skewed(1, 80)
          schedule.after(outMs, () => {
            const outcome = how === 'reject' ? rejected('no', {}) : this.#land({ operation, run, hasKeys })
            if (how === 'silent') return
            const hear = (): void => {
              resolve(outcome)
              // It knows, and another one makes its call before it can say so.
              if (faults.hit('pause at a provider', process.name))
                process.pause(chance.int(5_000, PAUSE_MS_MAX))
            }
            schedule.after(chance.skewed(1, 80), () => process.hears(hear, 'provider'))
          })
        }),
    }
  }

  #mannerOf(manner: Manner | null, key: string): Manner {
    if (manner === 'refuse once' && !this.#refused.has(key)) {
      this.#refused.add(key)
      return 'reject'
    }
    if (this.#parts.faults.isHealed) return manner === 'reject' ? 'reject' : 'ok'
    if (manner !== null && manner !== 'refuse once') return manner
    const { chance } = this.#parts
    return chance.hit(0.7) ? 'ok' : chance.pick(['slow', 'silent', 'not done'])
  }

  #land({ operation, run, hasKeys }: { operation: string; run: string | null; hasKeys: boolean }): Outcome {
    const key = run ?? operation
    const deed = this.deeds.get(key) ?? NOTHING
    if (run === null) {
      const isDone = !deed.isVoid && (deed.done === 0 || !hasKeys)
      this.deeds.set(key, { ...deed, landed: deed.landed + 1, done: deed.done + (isDone ? 1 : 0) })
      return succeeded({ called: true })
    }
    this.deeds.set(key, { ...deed, isVoid: true, undone: deed.done })
    return succeeded()
  }
}
