// Owns: what a scene is, a few transactions whose steps are made in turns, and drawing one from a seed.
// I1: a seed gives the same scene as long as this is the same: a difference that was found can be looked at again.
import type { Message } from '@ensemble/core'
import { Chance } from '../../src/chance.ts'
import type { Opening } from './actor.ts'
import { messagesOf } from './bus-calls.ts'
import type { Call, Draw } from './calls.ts'
import { busCallsOf, callsOf, skewedCallsOf, type Calls } from './families.ts'

export type Step =
  | { readonly do: 'begin'; readonly by: Opening }
  | { readonly do: 'call'; readonly call: Call }
  | { readonly do: 'savepoint' }
  | { readonly do: 'release' }
  | { readonly do: 'roll back to savepoint' }
  | { readonly do: 'commit'; readonly deferred: readonly Call[]; readonly messages: readonly Message[] }
  | { readonly do: 'roll back' }

export interface Script {
  readonly seed: number
  /** Calls that are made before, each in a transaction of its own; a refused one changes nothing. */
  readonly given: readonly Call[]
  readonly transactions: readonly (readonly Step[])[]
  /** Whose step is made next; one that waits misses its turn. */
  readonly turns: readonly number[]
}

export function shownStep(step: Step): string {
  switch (step.do) {
    case 'call':
      return step.call.text
    case 'begin':
      if (typeof step.by === 'string') return `begin by ${step.by}`
      return `begin by receiving at most ${step.by.receive}`
    case 'commit': {
      const deferred = step.deferred.map(({ text }) => `deferred ${text}, `)
      const sent = step.messages.map(({ id, topic }) => `send ${id} to ${topic}, `)
      return [...deferred, ...sent, 'commit'].join('')
    }
    case 'savepoint':
    case 'release':
    case 'roll back to savepoint':
    case 'roll back':
      return step.do
    default:
      return step satisfies never
  }
}

/** Two or three transactions over the stores and a service's own tables. */
export function drawScript(seed: number): Script {
  const draw = drawing(seed)
  const openingOf = (): Opening => 'transaction'
  if (draw.chance.hit(0.2)) {
    const calls = skewedCallsOf()
    return script(seed, draw, { calls, openingOf, sends: false, countMin: 2, countMax: 3 })
  }
  const calls = callsOf(draw.chance)
  return script(seed, draw, { calls, openingOf, sends: false, countMin: 2, countMax: 6 })
}

/** Two consumers of one group and a writer, or others of their kind, on the bus that is in the database. */
export function drawBusScript(seed: number): Script {
  const draw = drawing(seed)
  const { chance } = draw
  const openingOf = (index: number): Opening => {
    if (index === 0 || chance.hit(0.5)) return { receive: chance.int(1, 5) }
    return 'sending'
  }
  return script(seed, draw, { calls: busCallsOf(), openingOf, sends: true, countMin: 0, countMax: 3 })
}

interface Kind {
  readonly calls: Calls
  readonly openingOf: (index: number) => Opening
  readonly sends: boolean
  /** Calls of a transaction. */
  readonly countMin: number
  readonly countMax: number
}

function drawing(seed: number): Draw {
  let count = 0
  return { chance: new Chance(seed), next: () => (count += 1) }
}

function script(seed: number, draw: Draw, kind: Kind): Script {
  const { chance } = draw
  const given = Array.from({ length: chance.int(0, 6) }, () => kind.calls.given(draw))
  const size = kind.sends || chance.hit(0.2) ? 3 : 2
  const transactions = Array.from({ length: size }, (_, index) => drawTransaction(draw, kind, index))
  const turns = chance.shuffled(transactions.flatMap((steps, index) => steps.map(() => index)))
  return { seed, given, transactions, turns }
}

function drawTransaction(draw: Draw, kind: Kind, index: number): readonly Step[] {
  const { chance } = draw
  const { calls, openingOf, sends } = kind
  const steps: Step[] = [{ do: 'begin', by: openingOf(index) }]
  let open = 0
  for (let left = chance.int(kind.countMin, kind.countMax); left > 0; left -= 1) {
    if (open < 2 && chance.hit(0.2)) {
      steps.push({ do: 'savepoint' })
      open += 1
    }
    steps.push({ do: 'call', call: calls.any(draw) })
    if (open > 0 && chance.hit(0.4)) {
      steps.push({ do: chance.hit(0.5) ? 'release' : 'roll back to savepoint' })
      open -= 1
    }
  }
  for (; open > 0; open -= 1) steps.push({ do: 'release' })
  if (chance.hit(0.15)) return [...steps, { do: 'roll back' }]
  const deferred = Array.from({ length: chance.hit(0.3) ? chance.int(1, 2) : 0 }, () => calls.any(draw))
  return [
    ...steps,
    {
      do: 'commit',
      deferred: deferred.filter(({ isLong }) => isLong !== true),
      messages: sends ? messagesOf(draw, 0, 3) : [],
    },
  ]
}
