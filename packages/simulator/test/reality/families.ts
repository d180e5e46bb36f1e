// Owns: all calls that a scene may make, and drawing them.
import type { Chance } from '../../src/chance.ts'
import { putCalls } from './bus-calls.ts'
import type { Call, Draw, Family } from './calls.ts'
import { letterCalls, outboxCalls, scheduledCalls } from './message-calls.ts'
import { operationCalls, sagaCalls, skewedCalls, startCalls } from './saga-calls.ts'
import { claimCalls, entryCalls, horizonCalls, planCalls, progressCalls, rowCalls } from './small-calls.ts'

const FAMILIES: readonly [Family, ...Family[]] = [
  operationCalls,
  sagaCalls,
  startCalls,
  claimCalls,
  scheduledCalls,
  letterCalls,
  outboxCalls,
  progressCalls,
  planCalls,
  horizonCalls,
  rowCalls,
  entryCalls,
]

export interface Calls {
  /** One that is likely to leave rows. */
  given(draw: Draw): Call
  any(draw: Draw): Call
}

/** Of one to three tables, so that the calls of one scene meet. Operations come more often: they have most calls. */
export function callsOf(chance: Chance): Calls {
  const [first = operationCalls, ...rest] = chance.shuffled([operationCalls, operationCalls, ...FAMILIES])
  return callsOfFamilies([first, ...rest.slice(0, chance.int(0, 2))])
}

/** For serial orders that are not there: of two, each reads without a lock what the other one writes. */
export function skewedCallsOf(): Calls {
  const { insert, read, write } = skewedCalls
  return { given: insert, any: (draw) => draw.chance.pick([read, write])(draw) }
}

/** Messages, and rows that handlers may wait for. */
export function busCallsOf(): Calls {
  return callsOfFamilies([putCalls, putCalls, claimCalls])
}

function callsOfFamilies(families: readonly [Family, ...Family[]]): Calls {
  const any = (draw: Draw): Call => {
    const { insert, others } = draw.chance.pick(families)
    return draw.chance.pick([insert, ...others])(draw)
  }
  return {
    any,
    given: (draw) => (draw.chance.hit(0.7) ? draw.chance.pick(families).insert(draw) : any(draw)),
  }
}

/** Reads everything that the calls can have left. */
export const LOOK: readonly Call[] = FAMILIES.map(({ look }) => look)
