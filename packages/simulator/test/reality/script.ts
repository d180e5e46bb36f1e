// Owns: what a scene is, a few transactions whose steps are made in turns, and drawing one from a seed.
// I1: a seed gives the same scene for ever: a difference that was found once can be looked at again.
import { Chance } from '../../src/chance.ts'
import type { Call, Draw } from './calls.ts'
import { callsOf, type Calls } from './families.ts'

export type Step =
  | { readonly do: 'begin' }
  | { readonly do: 'call'; readonly call: Call }
  | { readonly do: 'savepoint' }
  | { readonly do: 'release' }
  | { readonly do: 'roll back to savepoint' }
  | { readonly do: 'commit'; readonly deferred: readonly Call[] }
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
  if (step.do === 'call') return step.call.text
  if (step.do !== 'commit') return step.do
  return [...step.deferred.map(({ text }) => `deferred ${text}`), 'commit'].join(', ')
}

export function drawScript(seed: number, options: { readonly transactionsMax: number }): Script {
  const chance = new Chance(seed)
  let count = 0
  const draw: Draw = { chance, next: () => (count += 1) }
  const calls = callsOf(chance)
  const given = Array.from({ length: chance.int(0, 6) }, () => calls.given(draw))
  const size = chance.hit(0.8) ? 2 : options.transactionsMax
  const transactions = Array.from({ length: size }, () => drawTransaction(draw, calls))
  const turns = chance.shuffled(transactions.flatMap((steps, index) => steps.map(() => index)))
  return { seed, given, transactions, turns }
}

function drawTransaction(draw: Draw, calls: Calls): readonly Step[] {
  const { chance } = draw
  const steps: Step[] = [{ do: 'begin' }]
  const count = chance.int(2, 6)
  let open = 0
  for (let index = 0; index < count; index += 1) {
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
  return [...steps, { do: 'commit', deferred: deferred.filter(({ isLong }) => isLong !== true) }]
}
