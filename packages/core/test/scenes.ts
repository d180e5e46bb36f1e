// Owns: small plans, states and signals for the kernel's tests, and a decision told in one line.
import { command, participant, query } from '../src/contract/contract.ts'
import type { Answer } from '../src/contract/outcome.ts'
import { begin, decide } from '../src/kernel/decide.ts'
import type { Decided, Decision, Signal } from '../src/kernel/decide.ts'
import type { Direction, SagaRef, SagaState } from '../src/kernel/saga.ts'
import { operationId } from '../src/kernel/saga.ts'
import type { Plan } from '../src/plan/plan.ts'
import { saga } from '../src/plan/plan.ts'
import { schema } from './schemas.ts'

const anything = schema<unknown>(() => [])

export function deskNamed(name: string) {
  return participant(name, {
    look: query({ input: anything, output: anything, rejections: { no: anything } }),
    take: command({ input: anything, output: anything, rejections: { no: anything } }),
    give: command({ input: anything, output: anything }),
  })
}

export const desk = deskNamed('desk')

/** compensatable first, check look, compensatable second, pivot pay, retriables tell and file. */
export const fivefold = saga('test.fivefold', { version: 3, input: anything })
  .compensatable('first', {
    run: desk.take(() => 'run first'),
    undo: desk.give(() => 'undo first'),
    within: '10s',
  })
  .check('look', { run: desk.look(() => 'run look'), within: '20s' })
  .compensatable('second', {
    run: desk.take(() => 'run second'),
    undo: desk.give(() => 'undo second'),
    within: '30s',
  })
  .pivot('pay', { run: desk.take(() => 'run pay'), within: '40s' })
  .retriable('tell', { run: desk.give(() => 'run tell') })
  .retriable('file', { run: desk.give(() => 'run file') })
  .end({ completed: () => 'all done', compensated: ({ because }) => `undone: ${because.reason}` })

export const ref: SagaRef = { plan: 'test.fivefold', id: 's1', pattern: 'orchestration' }
export const START = 1_000_000
export const customer = { reason: 'changed my mind', by: 'customer' }

export function decided(decision: Decision): Decided {
  if (decision.type !== 'decided') throw new Error(`expected a decision, got ${JSON.stringify(decision)}`)
  return decision
}

export function begun(plan: Plan = fivefold): Decided {
  return decided(begin(plan, { saga: ref, input: { n: 1 }, now: START, wish: null }))
}

export function answered(step: string, direction: Direction, answer: Answer): Signal {
  return { type: 'answered', operation: operationId(ref, step, direction), answer }
}

export const answers = {
  succeeded: { status: 'succeeded', output: 'done' },
  rejected: { status: 'rejected', rejection: 'no', data: { why: 1 } },
  withdrawn: { status: 'withdrawn', reason: 'changed my mind' },
  faulted: { status: 'faulted', error: { code: 'BROKEN', message: 'it broke' } },
  unknown: { status: 'unknown', error: { code: 'SILENT', message: 'no word' } },
} as const satisfies Readonly<Record<Answer['status'], Answer>>

export const cancelled: Signal = { type: 'cancel', cancel: customer }
export const overdue: Signal = { type: 'overdue' }

/** The state in which a step's run is asked, every step before it having succeeded. */
export function asking(step: string, plan: Plan = fivefold): SagaState {
  let { state } = begun(plan)
  for (const { name } of plan.steps) {
    if (name === step) return state
    state = decided(
      decide(plan, state, answered(name, 'run', answers.succeeded), START + 1_000 * state.seq),
    ).state
  }
  throw new Error(`no step ${step}`)
}

export function after(state: SagaState, ...signals: readonly Signal[]): SagaState {
  return signals.reduce(
    (known, signal) => decided(decide(fivefold, known, signal, START + 50_000)).state,
    state,
  )
}

/** A decision in one line: what is done next, the kinds of entries, the note. */
export function told(before: SagaState, decision: Decision): string {
  if (decision.type === 'ignored') return `${decision.note}: ${decision.reason}`
  if (decision.type === 'parked') return `parked: ${decision.message}`
  const { next, entries, note, state } = decision
  const target = next.do === 'ask' || next.do === 'withdraw' ? ` ${next.ask.step}/${next.ask.direction}` : ''
  const end = next.do === 'end' ? ` ${next.end.status}` : ''
  const list = entries.map((entry) => entry.type).join(' ')
  const counted = state.seq === before.seq ? '' : ` [${list}]`
  return `${next.do}${target}${end}${counted}${note === null ? '' : ` note ${note.type}`}`
}
