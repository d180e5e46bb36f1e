// Owns: what the system under test is: two participants, three plans, and the scenes that are played. No behaviour.
// I1: how a saga goes is its input's `scene`, so that a process that is started again goes on with the same one.
// I2: an undo is not told its run's result; what `reserve` answers (`token`) is new on every try that is rolled back.
import { command, participant, query, saga, type Plan, type Schema } from '@ensemble/core'

type End = 'completed' | 'compensated'

interface SceneSpec {
  readonly plan: 'parcel.send' | 'letter.sign' | 'favour.ask'
  readonly ends: readonly End[]
}

/** Every way a saga goes, and how it may end however often its process dies. */
export const SCENES = {
  /** The papers throw once, the carrier's first call lands and says nothing, the customer pays. */
  paid: { plan: 'parcel.send', ends: ['completed'] },
  /** The till refuses the money; the carrier is surely not called the first time. */
  refused: { plan: 'parcel.send', ends: ['compensated'] },
  /** The papers write and then reject. */
  unfiled: { plan: 'parcel.send', ends: ['compensated'] },
  /** The customer cancels while the money is awaited. */
  cancelled: { plan: 'parcel.send', ends: ['compensated'] },
  /** Nobody pays: a timer ends it. */
  unpaid: { plan: 'parcel.send', ends: ['compensated'] },
  /** Settled by code of its own, in a transaction of its own. */
  signed: { plan: 'letter.sign', ends: ['completed'] },
  /** Cancelled together with a write of the customer's own. */
  dropped: { plan: 'letter.sign', ends: ['compensated'] },
  /** A provider without keys answers; a death in between makes it a doubt that nobody can clear. */
  favoured: { plan: 'favour.ask', ends: ['completed', 'compensated'] },
  /** A provider without keys lands the call and says nothing. */
  unsure: { plan: 'favour.ask', ends: ['compensated'] },
} as const satisfies Readonly<Record<string, SceneSpec>>

export type Scene = keyof typeof SCENES

export function isScene(value: unknown): value is Scene {
  return typeof value === 'string' && Object.hasOwn(SCENES, value)
}

/** What can be played: scenes, something on the bus that nobody can read, and forgetting. */
export type Act = Scene | 'garbage' | 'prune'

export const ACTS: readonly Act[] = [...Object.keys(SCENES).filter(isScene), 'garbage', 'prune']

/** Acts that are played together, under an id that no others have. */
export interface Play {
  readonly id: string
  readonly acts: readonly Act[]
}

export interface Parcel {
  /** Id of the saga, and key of every row. */
  readonly key: string
  readonly scene: Scene
}

export interface Token {
  readonly token: string
}

function shape<T>(is: (fields: Readonly<Record<string, unknown>>) => boolean): Schema<T> {
  const validate = (value: unknown) =>
    typeof value === 'object' && value !== null && is({ ...value })
      ? { value: value as T }
      : { issues: [{ message: `not of this shape: ${JSON.stringify(value)}` }] }
  return { '~standard': { version: 1, vendor: 'crashpoints', validate } }
}

const isParcel = (fields: Readonly<Record<string, unknown>>): boolean =>
  typeof fields['key'] === 'string' && isScene(fields['scene'])

const ParcelInput = shape<Parcel>(isParcel)
const Tagged = shape<Parcel & Token>((fields) => isParcel(fields) && typeof fields['token'] === 'string')
export const Reserved = shape<Token & { readonly key: string }>(
  (fields) => typeof fields['token'] === 'string' && typeof fields['key'] === 'string',
)
const Nothing = shape<object>(() => true)

export const stock = participant('stock', {
  reserve: command({
    input: ParcelInput,
    output: Reserved,
    rejections: { taken: Nothing },
    event: 'reserved',
  }),
  release: command({ input: ParcelInput }),
  file: command({ input: Tagged, output: Nothing, rejections: { unfiled: Nothing } }),
  unfile: command({ input: Tagged }),
  sign: command({ input: Tagged, output: Nothing, rejections: { refused: Nothing }, deferred: true }),
  hand: command({ input: Tagged }),
})

export const till = participant('till', {
  look: query({ input: ParcelInput, rejections: { unknown: Nothing } }),
  carry: command({ input: ParcelInput, output: Nothing, rejections: { refused: Nothing } }),
  uncarry: command({ input: ParcelInput }),
  guess: command({ input: ParcelInput, output: Nothing, rejections: { refused: Nothing } }),
  unguess: command({ input: ParcelInput }),
  collect: command({
    input: ParcelInput,
    output: Nothing,
    rejections: { refused: Nothing, unpaid: Nothing },
    deferred: true,
  }),
  pay: command({ input: ParcelInput, output: Nothing, rejections: { closed: Nothing } }),
  tell: command({ input: ParcelInput }),
})

const reserve = {
  run: stock.reserve(({ input }: { input: Parcel }) => input),
  undo: stock.release(({ input }: { input: Parcel }) => input),
}

const sendParcel = saga('parcel.send', { version: 1, input: ParcelInput })
  .compensatable('reserve', reserve)
  .check('look', { run: till.look(({ input }) => input) })
  .compensatable('file', {
    run: stock.file(({ input, results }) => ({ ...input, token: results.reserve.token })),
    undo: stock.unfile(({ input, results }) => ({ ...input, token: results.reserve.token })),
  })
  // region carry
  .compensatable('carry', {
    run: till.carry(({ input }) => input),
    undo: till.uncarry(({ input }) => input),
  })
  .pipelined.pivot('collect', { run: till.collect(({ input }) => input) })
  // endregion
  .retriable('hand', {
    run: stock.hand(({ input, results }) => ({ ...input, token: results.reserve.token })),
  })
  .retriable('tell', { run: till.tell(({ input }) => input) })
  .end()

const signLetter = saga('letter.sign', { version: 1, input: ParcelInput })
  .compensatable('reserve', reserve)
  .pivot('sign', { run: stock.sign(({ input, results }) => ({ ...input, token: results.reserve.token })) })
  .retriable('tell', { run: till.tell(({ input }) => input) })
  .end()

const askFavour = saga('favour.ask', { version: 1, input: ParcelInput })
  .compensatable('reserve', reserve)
  .compensatable('guess', {
    run: till.guess(({ input }) => input),
    undo: till.unguess(({ input }) => input),
  })
  .retriable('tell', { run: till.tell(({ input }) => input) })
  .end()

export const plans: Readonly<Record<SceneSpec['plan'], Plan<Parcel>>> = {
  'parcel.send': sendParcel,
  'letter.sign': signLetter,
  'favour.ask': askFavour,
}

/** The saga's id, and the key of its rows: plays never share one. */
export function keyOf({ id }: Play, act: Act): string {
  return `${id}-${act}`
}
