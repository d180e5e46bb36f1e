// Owns: what must be true of the made-up system when all has ended, from its rows, its ledger and the outside only.
// I1: completed: every effect of a step that has one is recorded once. Compensated: every undoable effect nets zero,
// the pivot and the retriables did nothing.
// I2: no operation is recorded twice, whatever became of its saga.
import type { Plan } from '@ensemble/core'
import { endOf } from '../checks/sagas.ts'
import type { Evidence } from '../evidence.ts'
import type { Deed } from '../outside.ts'
import type { Witnessed } from '../subject.ts'
import { checkLeftovers } from './leftovers.ts'
import type { StepShape } from './plans.ts'
import { entriesIn, netOf } from './records.ts'

export function checkParts(
  stepsOf: (plan: Plan) => readonly StepShape[],
): (evidence: Evidence, sagas: readonly Witnessed[]) => readonly string[] {
  return (evidence, sagas) => [
    ...twice(evidence, 'ledger'),
    ...twice(evidence, 'followed'),
    ...unfollowed(evidence),
    ...miscounted(evidence, sagas, stepsOf),
    ...checkLeftovers(evidence, sagas, stepsOf),
  ]
}

function miscounted(
  evidence: Evidence,
  sagas: readonly Witnessed[],
  stepsOf: (plan: Plan) => readonly StepShape[],
): readonly string[] {
  const entries = Map.groupBy(entriesIn(evidence, 'ledger'), ({ mark }) => mark)
  return sagas.flatMap(({ saga, plan }) => {
    const end = endOf(evidence, saga)
    if (end === null) return []
    return stepsOf(plan).flatMap((step) => {
      const mark = `${saga.plan}/${saga.id}/${step.name}`
      const net = isCall(step) ? netOfDeed(evidence.deeds.get(`${mark}/run`)) : netOf(entries.get(mark) ?? [])
      const expected = expectedOf(step, end)
      if (expected === null || expected === net) return []
      if (net === 0 && isGivenUp(evidence, `${mark}/run`)) return []
      return [
        `${mark} (${step.kind}, ${step.form}): ${end}, so its effect should count ${expected}, it counts ${net}`,
      ]
    })
  })
}

/** Null where nothing is recorded. */
function expectedOf({ kind }: StepShape, end: 'completed' | 'compensated'): number | null {
  if (kind === 'check') return null
  return end === 'completed' ? 1 : 0
}

/** Nobody knows whether a call that was given up has happened: it is on the list for reconciliation. */
function isGivenUp(evidence: Evidence, operation: string): boolean {
  return evidence.messages.some(
    (message) =>
      message.type === 'note' &&
      message.note.type === 'reconcile' &&
      message.note.operation === operation &&
      message.note.detail.startsWith('given up'),
  )
}

function isCall({ form }: StepShape): boolean {
  return form === 'call' || form === 'guess'
}

function netOfDeed(deed: Deed | undefined): number {
  return deed === undefined ? 0 : deed.done - deed.undone
}

function twice(evidence: Evidence, table: 'ledger' | 'followed'): readonly string[] {
  const operations = entriesIn(evidence, table).map(({ operation }) => operation)
  const repeated = operations.filter((operation, index) => operations.indexOf(operation) < index)
  return [...new Set(repeated)].map((operation) => `${table}: '${operation}' is recorded twice`)
}

/** Each event that `a` made is followed by a and b, once each; who buried it has it among the dead letters. */
function unfollowed(evidence: Evidence): readonly string[] {
  const followed = new Set(entriesIn(evidence, 'followed').map(({ operation }) => operation))
  const made = evidence.messages.filter((message) => message.type === 'event' && message.name === 'a.made')
  const ids = new Set(made.map(({ id }) => id))
  const letters = evidence.buried().filter(({ reason }) => reason === 'UNHANDLED')
  return [...ids].flatMap((id) => {
    const count = [...followed].filter((operation) => operation.includes(id)).length
    const buried = letters.filter(({ message }) => message.id === id).length
    return count <= 2 && count + buried >= 2 ? [] : [`event '${id}' was followed by ${count} of 2`]
  })
}
