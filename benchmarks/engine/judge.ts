// Owns: what must be true of the business rows after a run. Pure.
import { STEPS_TO_CHARGE, STEPS_WHOLE } from '../order-saga/contracts.ts'
import type { Ends } from '../order-saga/system.ts'

export interface Ran {
  readonly steps: number
  readonly ends: Ends
  /** Copies that were there before: of a completed saga, and of one that waits. */
  readonly history: number
  readonly waiting: number
}

/** What is wrong, in words; nothing when all invariants hold. */
export function violations(found: Readonly<Record<string, number>>, ran: Ran): readonly string[] {
  const { running } = ran.ends
  const wrong = Object.entries(expected(ran)).filter(([name, value]) => found[name] !== value)
  return [
    ...wrong.map(([name, value]) => `${name}: ${String(found[name])}, not ${value}`),
    ...(running === 0 ? [] : [`${running} sagas did not end`]),
  ]
}

/** By name as check.sql counts. */
function expected({ steps, ends, history, waiting }: Ran): Readonly<Record<string, number>> {
  const completed = ends.completed + history
  const isWhole = steps >= STEPS_WHOLE
  const isCharged = steps >= STEPS_TO_CHARGE
  return {
    complete: isWhole ? completed : 0,
    failed: ends.compensated,
    pending: (isWhole ? 0 : completed) + waiting,
    prepared: !isCharged && steps > 1 ? completed : 0,
    waiting,
    paid: isCharged ? completed : 0,
    cancelled: ends.compensated,
    ledger: 0,
    entries: isCharged ? 2 * completed : 0,
    marks: completed * Math.max(0, steps - STEPS_WHOLE),
  }
}
