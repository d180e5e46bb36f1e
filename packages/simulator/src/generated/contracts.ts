// Owns: the contracts of the made-up participants: a request for every form a handler can have. What a step is told to
// do travels in the saga's input, so that rules stay pure.
import { command, participant, query, type Schema } from '@ensemble/core'
import type { Manner } from '../outside.ts'
import { typed } from '../typed.ts'

/** How one step of one saga goes. */
export interface Part {
  readonly run: 'ok' | 'reject' | 'throw'
  /** The run throws until then, epoch milliseconds; 0 for never. */
  readonly troubleUntil: number
  /** What cannot be refused, an undo or a retriable, throws until then. */
  readonly certainTroubleUntil: number
  /** Its handler may bring the whole process down. */
  readonly kills: 'never' | 'for a while' | 'always'
  /** To name its row brings the whole process down from then on, epoch milliseconds; null for never. */
  readonly killsFrom: number | null
  /** To name the row of its run brings the process down from then on, also when it was answered; null for never. */
  readonly killsAgainFrom: number | null
  /** In trouble its rule leaves what its table refuses, instead of throwing. */
  readonly breaks: boolean
  /** What a withdraw of a deferred run meets. */
  readonly withdraw: 'withdrawn' | 'succeeded'
  /** A deferred run ends by itself after so long, milliseconds. */
  readonly waitMs: number
  /** How a provider that has keys takes a call; null when each call is drawn. */
  readonly manner: Manner | null
  /** A unique value that the run takes and its undo gives back. */
  readonly claim: string | null
  /** A second row that a transaction handler locks after its own, in no order that all would keep. */
  readonly also: string | null
  /** Whether the rule names its claim before it decides; else it is loaded late, after the operations' rows. */
  readonly namesClaim: boolean
}

export interface Ordered {
  /** Key of the row; several sagas may share one. */
  readonly key: string
  /** Saga and step, unique in a run. */
  readonly mark: string
  readonly amount: number
  readonly part: Part
}

/** The smallest schema that can refuse. */
function shaped<T>(has: readonly string[]): Schema<T> {
  const validate = (value: unknown) => {
    const isObject = typeof value === 'object' && value !== null
    const missing = isObject ? has.find((name) => !(name in value)) : 'everything'
    return missing === undefined
      ? { value: typed<T>(value) }
      : { issues: [{ message: `${missing} is missing` }] }
  }
  return { '~standard': { version: 1, vendor: 'simulator', validate } }
}

const OrderedInput = shaped<Ordered>(['key', 'mark', 'amount', 'part'])
export const Anything = shaped<unknown>([])
/** What a timer of a deferred run carries. */
export const Waiting = shaped<{ readonly key: string; readonly mark: string }>(['key', 'mark'])

function contractOf<const Name extends string>(name: Name) {
  const asked = { input: OrderedInput, output: Anything, rejections: { no: Anything } }
  return participant(name, {
    look: query({ input: OrderedInput, rejections: { no: Anything } }),
    make: command({ ...asked, event: 'made' }),
    unmake: command({ input: OrderedInput }),
    finish: command({ input: OrderedInput }),
    wait: command({ ...asked, deferred: true }),
    pay: command({ input: OrderedInput, rejections: { no: Anything } }),
    write: command(asked),
    unwrite: command({ input: OrderedInput }),
    rewrite: command({ input: OrderedInput }),
    hold: command({ ...asked, deferred: true }),
    call: command(asked),
    uncall: command({ input: OrderedInput }),
    recall: command({ input: OrderedInput }),
    guess: command(asked),
    reguess: command({ input: OrderedInput }),
  })
}

export type Contract = ReturnType<typeof contractOf<string>>

export const contracts = { a: contractOf('a'), b: contractOf('b'), c: contractOf('c') } as const
export const PARTICIPANTS = ['a', 'b', 'c'] as const
export type ParticipantName = (typeof PARTICIPANTS)[number]
