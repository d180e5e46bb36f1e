// Owns: what happened in a run, one line per event, and its hash.
// I1: the hash is the same whether lines are kept or not: what only a reader wants to see is not part of it.
// I2: nothing is made for a reader where there is none: `watch` is null.
import { ORCHESTRATOR, type Message } from '@ensemble/core'
import type { Delivered } from '@ensemble/runtime'
import { HASH_START, hexOf, mixed } from './hash.ts'
import { addressee, said } from './words.ts'

/** Something that a reader wants to see. */
export type Moment = { readonly at: number; readonly who: string } & (
  | { readonly type: 'told'; readonly what: string }
  | { readonly type: 'called'; readonly name: string }
  | { readonly type: 'sent' | 'took'; readonly message: Message }
)

/** What a reader is shown beside what is told. `who` is a process. */
export interface Watch {
  did(who: string, what: string): void
  called(who: string, name: string): void
  sent(who: string, message: Message): void
  took(who: string, delivered: readonly Delivered[]): void
}

export interface TraceOptions {
  /** Milliseconds since the run began. */
  readonly now: () => number
  readonly keeps: boolean
  /** Who does the work of the named services here: a participant may be the desk, the desk the orchestrator. */
  readonly played: ReadonlyMap<string, string>
}

export class Trace {
  readonly lines: string[] = []
  readonly moments: Moment[] = []
  readonly watch: Watch | null
  readonly #options: TraceOptions
  #hash = HASH_START

  constructor(options: TraceOptions) {
    this.#options = options
    this.watch = options.keeps ? this.#watching() : null
  }

  /** Over all lines that are told, eight hex digits. */
  get hash(): string {
    return hexOf(this.#hash)
  }

  add(who: string, what: string): void {
    const line = this.#line(who, what)
    for (let index = 0; index < line.length; index += 1)
      this.#hash = mixed(this.#hash, line.charCodeAt(index))
    if (!this.#options.keeps) return
    this.lines.push(line)
    this.moments.push({ at: this.#options.now(), who, type: 'told', what })
  }

  #watching(): Watch {
    const { now, played } = this.#options
    const show = (who: string, what: string): void => void this.lines.push(this.#line(who, what))
    const note = (moment: Moment): void => void this.moments.push(moment)
    return {
      did: show,
      called: (who, name) => {
        show(who, `is called: ${name}`)
        note({ at: now(), who, type: 'called', name })
      },
      sent: (who, message) => {
        const sayer = besides(who, sayerOf(message, played))
        if (message.type !== 'history') show(sayer, `sends ${said(message)}${by(who, sayer)}`)
        note({ at: now(), who: sayer, type: 'sent', message })
        if (message.handledBy === undefined) return
        const doer = besides(who, message.handledBy)
        show(doer, `does at once ${said(message)}${by(who, doer)}`)
        note({ at: now(), who: doer, type: 'took', message })
      },
      took: (who, delivered) => {
        for (const one of delivered) {
          if (!one.ok || !isFor(who, one.message, played)) continue
          show(who, `takes ${said(one.message)}`)
          note({ at: now(), who, type: 'took', message: one.message })
        }
      },
    }
  }

  #line(who: string, what: string): string {
    return `${(this.#options.now() / 1000).toFixed(3).padStart(9)} ${who.padEnd(16)} ${what}`
  }
}

/** The service that says it, null where it is the one that sends it: those at home together send for each other. */
function sayerOf(message: Message, played: ReadonlyMap<string, string>): string | null {
  if (message.type === 'event' || message.type === 'note') return played.get(message.source) ?? message.source
  return message.type === 'command' ? (played.get(ORCHESTRATOR) ?? ORCHESTRATOR) : null
}

/** The process of a service that is at home with this one. */
function besides(who: string, service: string | null): string {
  return service === null ? who : who.replace(/^[^#]+/, service)
}

function by(who: string, other: string): string {
  return who === other ? '' : `, by ${who}`
}

/** Whether a process acts on a message that it reads, or may: who follows an event is not known here. */
function isFor(who: string, message: Message, played: ReadonlyMap<string, string>): boolean {
  if (message.type === 'history' || message.type === 'note') return false
  const named = addressee(message)
  const service = named === null ? null : (played.get(named) ?? named)
  if (message.handledBy !== undefined && who.startsWith(`${message.handledBy}#`)) return false
  return service === null || who.startsWith(`${service}#`)
}
