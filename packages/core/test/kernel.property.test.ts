// Owns: what holds for every plan of the grammar and every script of signals, duplicates, late and impossible ones
// included.
import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import type { StepKind } from '../src/plan/plan.ts'
import { decide } from '../src/kernel/decide.ts'
import { operationId } from '../src/kernel/saga.ts'
import { cancelled, overdue } from './scenes.ts'
import type { Script, Trace } from './kernel-world.ts'
import { entriesOf, outstanding, play, replay, scriptArbitrary } from './kernel-world.ts'

const RUNS = 400

function always(law: (trace: Trace, script: Script) => void): () => void {
  const property = fc.property(scriptArbitrary, (script) => law(play(script), script))
  return () => fc.assert(property, { numRuns: RUNS })
}

const kindOf = (script: Script, step: string): StepKind | undefined => script.kinds[Number(step.slice(1))]

test(
  'it never throws, never parks, and ends once everything outstanding has succeeded',
  always(({ last, turns }) => {
    expect(turns.filter(({ decision }) => decision.type === 'parked')).toStrictEqual([])
    expect(outstanding(last)).toBeNull()
  }),
)

test(
  'an ended saga ignores everything',
  always(({ plan, last, turns }) => {
    for (const signal of [...turns.map((turn) => turn.signal), cancelled, overdue]) {
      expect(decide(plan, last, signal, 999).type).toBe('ignored')
    }
  }),
)

test(
  'a compensated saga undid what was or may have been done, each once, in reverse order',
  always((trace, script) => {
    if (trace.last.phase.at !== 'compensated') return
    const entries = entriesOf(trace)
    const done = entries.flatMap((entry) =>
      entry.type === 'answered' && ['succeeded', 'unknown'].includes(entry.status) ? [entry.step] : [],
    )
    const undone = entries.flatMap((entry) => (entry.type === 'undone' ? [entry.step] : []))
    expect(undone).toStrictEqual(done.filter((step) => kindOf(script, step) === 'compensatable').toReversed())
    expect(done.some((step) => kindOf(script, step) === 'pivot')).toBe(false)
    expect(done.some((step) => kindOf(script, step) === 'retriable')).toBe(false)
  }),
)

test(
  'a completed saga had each step succeed once, in order, and undid nothing',
  always((trace) => {
    if (trace.last.phase.at !== 'completed') return
    const entries = entriesOf(trace)
    const answered = entries.flatMap((entry) =>
      entry.type === 'answered' ? [`${entry.step} ${entry.status}`] : [],
    )
    expect(answered).toStrictEqual(trace.plan.steps.map(({ name }) => `${name} succeeded`))
    expect(entries.filter(({ type }) => type === 'undone' || type === 'going-back')).toStrictEqual([])
  }),
)

test(
  'after the pivot has succeeded, or a retriable was asked, it completes',
  always((trace, script) => {
    const passed = entriesOf(trace).some(
      (entry) =>
        (entry.type === 'answered' &&
          entry.status === 'succeeded' &&
          kindOf(script, entry.step) === 'pivot') ||
        (entry.type === 'asked' && kindOf(script, entry.step) === 'retriable'),
    )
    expect(passed && trace.last.phase.at !== 'completed').toBe(false)
  }),
)

test(
  'a kept wish lets no further run begin, unless the pivot had succeeded',
  always(({ turns }, script) => {
    const onward = turns.flatMap(({ before, decision }) => {
      if (before.phase.at !== 'running' || before.phase.wish === null || decision.type !== 'decided')
        return []
      const { next, note } = decision
      const goesOn =
        next.do === 'ask'
          ? next.ask.direction === 'run'
          : next.do === 'end' && next.end.status === 'completed'
      return goesOn ? [`${kindOf(script, before.phase.step)} ${note?.type}`] : []
    })
    expect(onward.filter((what) => what !== 'pivot cancel-refused')).toStrictEqual([])
  }),
)

test(
  'a cancel is kept exactly while a check, compensatable or pivot is outstanding',
  always(({ turns }, script) => {
    for (const { before, signal, decision } of turns) {
      if (signal.type !== 'cancel') continue
      const { phase } = before
      const keepable =
        phase.at === 'running' && kindOf(script, phase.step) !== 'retriable' && phase.wish === null
      expect(decision.type === 'decided' ? decision.next.do : decision.type).toBe(
        keepable ? 'withdraw' : 'ignored',
      )
    }
  }),
)

test(
  'only an answer about what is outstanding decides, and only success settles an undo',
  always(({ turns }) => {
    for (const { before, signal, decision } of turns) {
      if (signal.type !== 'answered' || decision.type !== 'decided') continue
      const open = outstanding(before)
      expect(signal.operation).toBe(open && operationId(before.saga, open.step, open.direction))
      expect(open?.direction === 'undo' ? signal.answer.status : 'succeeded').toBe('succeeded')
    }
  }),
)

test(
  'an early cancel is kept as a wish, unless the plan begins with a retriable',
  always(({ first }, { early, kinds }) => {
    const keeps = early !== null && kinds[0] !== 'retriable'
    expect(first.state.phase).toMatchObject({ wish: keeps ? early : null })
    expect(first.next.do).toBe(keeps ? 'withdraw' : 'ask')
  }),
)

test(
  'history tells once that a saga goes back, and once that a run was accepted',
  always((trace) => {
    const entries = entriesOf(trace)
    const turned = entries.filter(({ type }) => type === 'going-back').length
    expect(turned).toBe(trace.last.phase.at === 'compensated' ? 1 : 0)
    const accepted = entries.flatMap((entry) => (entry.type === 'accepted' ? [entry.step] : []))
    expect(accepted).toStrictEqual([...new Set(accepted)])
  }),
)

test(
  'numbers have no gap: a decision with entries is one more, a note none',
  always(({ first, turns }) => {
    expect(first.state.seq).toBe(1)
    for (const { before, decision } of turns) {
      if (decision.type !== 'decided') continue
      expect(decision.state.seq).toBe(before.seq + (decision.entries.length > 0 ? 1 : 0))
    }
  }),
)

test(
  'states, next actions and entries are plain JSON',
  always(({ first, turns }) => {
    const decisions = [
      first,
      ...turns.flatMap(({ decision }) => (decision.type === 'decided' ? [decision] : [])),
    ]
    expect(JSON.parse(JSON.stringify(decisions))).toStrictEqual(decisions)
  }),
)

test(
  'asked again, an operation is the same operation',
  always(({ first, turns }) => {
    const asks = new Map<string, unknown>()
    for (const decision of [first, ...turns.map((turn) => turn.decision)]) {
      if (decision.type !== 'decided' || !('ask' in decision.next)) continue
      const { ask } = decision.next
      expect(asks.get(ask.operation) ?? ask).toStrictEqual(ask)
      asks.set(ask.operation, ask)
    }
  }),
)

test(
  'results are the outputs of the steps that succeeded',
  always((trace) => {
    const results = Object.fromEntries(
      entriesOf(trace).flatMap((entry) =>
        entry.type === 'answered' && entry.status === 'succeeded' && entry.data !== null
          ? [[entry.step, entry.data]]
          : [],
      ),
    )
    const known = Object.fromEntries(
      Object.entries(trace.last.results).filter(([, output]) => output !== null),
    )
    expect(known).toStrictEqual(results)
  }),
)

test(
  'its entries alone, followed by the outcome table, lead to the same end',
  always((trace, script) => {
    expect(replay(script.kinds, entriesOf(trace))).toBe(`end ${trace.last.phase.at}`)
  }),
)
