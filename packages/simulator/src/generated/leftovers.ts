// Owns: what must not be left in the made-up participants' rows when all has ended, and when work may have begun.
// I1: no row waits for what is over.
// I2: a unique value is held by whoever did its step and did not undo it, and by nobody else.
// I3: nothing was begun after its deadline.
import type { Plan } from '@ensemble/core'
import { keptIn, type Evidence } from '../evidence.ts'
import type { Witnessed } from '../subject.ts'
import type { Script, StepShape } from './plans.ts'
import { entriesIn, marksIn, netOf } from './records.ts'

export function checkLeftovers(
  evidence: Evidence,
  sagas: readonly Witnessed[],
  stepsOf: (plan: Plan) => readonly StepShape[],
): readonly string[] {
  return [...waiting(evidence), ...claims(evidence, sagas, stepsOf), ...late(evidence)]
}

function waiting(evidence: Evidence): readonly string[] {
  return marksIn(evidence).flatMap(({ mark, says }) =>
    says === 'waiting' ? [`${mark}: its row still waits, although its saga has ended`] : [],
  )
}

/** A step that took a unique value at a participant, for a row. */
interface Taker {
  readonly value: string
  readonly row: string
  readonly isDone: boolean
  /** It was done, and gave the value back, also where another step for its row had taken it, too. */
  readonly gaveBack: boolean
}

function claims(
  evidence: Evidence,
  sagas: readonly Witnessed[],
  stepsOf: (plan: Plan) => readonly StepShape[],
): readonly string[] {
  const entries = Map.groupBy(entriesIn(evidence, 'ledger'), ({ mark }) => mark)
  const takers = sagas.flatMap(({ saga, plan, input }) => {
    const { key, parts } = input as Script
    return stepsOf(plan).flatMap(({ name, participant }): readonly Taker[] => {
      const claim = parts[name]?.claim ?? null
      if (claim === null) return []
      const own = entries.get(`${saga.plan}/${saga.id}/${name}`) ?? []
      const gaveBack = own.some(({ direction }) => direction === 'undo')
      return [{ value: `${participant} ${claim}`, row: key, isDone: netOf(own) > 0, gaveBack }]
    })
  })
  const held = heldClaims(evidence)
  return [...Map.groupBy(takers, ({ value }) => value)].flatMap(([value, those]) => {
    const done = those.filter(({ isDone }) => isDone)
    const rows = new Set(done.map(({ row }) => row))
    const isFreed = those.some(({ row, gaveBack }) => gaveBack && rows.has(row))
    if (rows.size > 1 && !isFreed) return [`claim '${value}' was taken by two rows`]
    if (done.length === 0) return held.has(value) ? [`claim '${value}' is held, and nobody has it`] : []
    // Of several steps for one row each may have given it back.
    if (held.has(value) || those.length > 1) return []
    return [`claim '${value}' is free, although it was taken`]
  })
}

function heldClaims(evidence: Evidence): ReadonlySet<string> {
  return new Set(
    evidence
      .histories('claims')
      .flatMap(({ schema, key, versions }) =>
        (versions.at(-1) ?? null) === null ? [] : [`${schema} ${key}`],
      ),
  )
}

/** What is deferred begins in time and ends when it ends. */
function late(evidence: Evidence): readonly string[] {
  const deadlines = deadlinesIn(evidence)
  // Not by its messages: a bus may have lost the one that says so.
  const waits = new Set(
    evidence
      .histories('operations')
      .filter(({ versions }) => versions.some((version) => keptIn(version)?.['status'] === 'deferred'))
      .map(({ key }) => key),
  )
  return entriesIn(evidence, 'ledger').flatMap(({ operation, at }) => {
    const deadline = deadlines.get(operation)
    return deadline === undefined || at <= deadline || waits.has(operation)
      ? []
      : [`${operation} was begun ${at - deadline} ms after its deadline`]
  })
}

function deadlinesIn(evidence: Evidence): ReadonlyMap<string, number> {
  const commanded = evidence.messages.flatMap((message) => (message.type === 'command' ? [message.ask] : []))
  const asks = [...commanded, ...evidence.slips.map(({ ask }) => ask)]
  return new Map(
    asks.flatMap(({ operation, deadline }) => (deadline === null ? [] : [[operation, deadline]])),
  )
}
