// Owns: random plans, random scripts of signals, the trace of a run, and an oracle that follows a trace's entries
// by the outcome table alone. It shares no rule with the kernel.
import * as fc from 'fast-check'
import type { Answer, AnswerStatus } from '../src/contract/outcome.ts'
import { begin, decide } from '../src/kernel/decide.ts'
import type { Decided, Decision, Signal } from '../src/kernel/decide.ts'
import type { HistoryEntry } from '../src/kernel/history.ts'
import type { Cancel, Direction, SagaState } from '../src/kernel/saga.ts'
import { operationId } from '../src/kernel/saga.ts'
import type { Plan, StepKind } from '../src/plan/plan.ts'
import { saga } from '../src/plan/plan.ts'
import { erased } from '../src/codec/erase.ts'
import { answers, customer, decided, desk, ref } from './scenes.ts'
import { schema } from './schemas.ts'

const STEPS_MAX = 8

type Adder = (name: string, step: object) => Record<StepKind, Adder> & { end: () => Plan }

export function planOf(
  kinds: readonly StepKind[],
  deskOf: (index: number) => typeof desk = () => desk,
): Plan {
  let draft = erased<ReturnType<Adder>>(saga('test.random', { version: 1, input: schema<unknown>(() => []) }))
  for (const [index, kind] of kinds.entries()) {
    const name = `s${index}`
    const { look, take, give } = deskOf(index)
    const run =
      kind === 'check' ? look(() => name) : kind === 'retriable' ? give(() => name) : take(() => name)
    draft = draft[kind](name, kind === 'compensatable' ? { run, undo: give(() => `${name} undo`) } : { run })
  }
  return draft.end()
}

const kindsArbitrary: fc.Arbitrary<readonly StepKind[]> = fc
  .tuple(
    fc.array(fc.constantFrom<StepKind>('check', 'compensatable', 'compensatable'), { maxLength: 5 }),
    fc.constantFrom<readonly StepKind[]>([], ['pivot']),
    fc.array(fc.constant<StepKind>('retriable'), { maxLength: 3 }),
  )
  .map(([before, pivot, after]) => [...before, ...pivot, ...after].slice(0, STEPS_MAX))
  .filter((kinds) => kinds.length > 0)

/** One move of the world: about what is outstanding, about anything at all, or something that came before. */
export type Move =
  | { readonly type: 'answer'; readonly status: AnswerStatus }
  | {
      readonly type: 'stray'
      readonly step: number
      readonly direction: Direction
      readonly status: AnswerStatus
    }
  | { readonly type: 'accepted' }
  | { readonly type: 'cancel' }
  | { readonly type: 'overdue' }
  | { readonly type: 'again'; readonly back: number }

const status = fc.constantFrom<AnswerStatus>('succeeded', 'rejected', 'withdrawn', 'faulted', 'unknown')

const move = (weight: number, one: Move): fc.WeightedArbitrary<Move> => ({
  weight,
  arbitrary: fc.constant(one),
})

const moveArbitrary: fc.Arbitrary<Move> = fc.oneof(
  move(6, { type: 'answer', status: 'succeeded' }),
  move(2, { type: 'overdue' }),
  move(2, { type: 'accepted' }),
  move(1, { type: 'cancel' }),
  { weight: 2, arbitrary: status.map((value): Move => ({ type: 'answer', status: value })) },
  {
    weight: 2,
    arbitrary: fc.record({
      type: fc.constant('stray' as const),
      step: fc.nat({ max: STEPS_MAX }),
      direction: fc.constantFrom<Direction>('run', 'undo'),
      status,
    }),
  },
  { weight: 2, arbitrary: fc.record({ type: fc.constant('again' as const), back: fc.nat({ max: 5 }) }) },
)

export const scriptArbitrary = fc.record({
  kinds: kindsArbitrary,
  early: fc.constantFrom<Cancel | null>(null, null, null, customer),
  moves: fc.array(moveArbitrary, { maxLength: 40 }),
  outputs: fc.array(fc.constantFrom<unknown>(undefined, null, 7, { deep: [1, { a: 'b' }] }), {
    minLength: 1,
    maxLength: 3,
  }),
})

export type Script = typeof scriptArbitrary extends fc.Arbitrary<infer T> ? T : never

export interface Turn {
  readonly before: SagaState
  readonly signal: Signal
  readonly decision: Decision
}

export interface Trace {
  readonly plan: Plan
  readonly first: Decided
  readonly turns: readonly Turn[]
  readonly last: SagaState
}

export function outstanding(state: SagaState): { step: string; direction: Direction } | null {
  const { phase } = state
  if (phase.at === 'running') return { step: phase.step, direction: 'run' }
  return phase.at === 'undoing' ? { step: phase.step, direction: 'undo' } : null
}

/** Plays a script, then answers `succeeded` until the saga ends. */
export function play(script: Script, plan: Plan = planOf(script.kinds)): Trace {
  const first = decided(begin(plan, { saga: ref, input: { n: 1 }, now: 1, wish: script.early }))
  const turns: Turn[] = []
  let state = first.state
  const feed = (signal: Signal): void => {
    const decision = decide(plan, state, signal, turns.length + 2)
    turns.push({ before: state, signal, decision })
    if (decision.type === 'decided') state = decision.state
  }
  for (const move of script.moves) {
    const signal = signalOf(move, { state, turns, outputs: script.outputs })
    if (signal !== null) feed(signal)
  }
  for (let round = 0; round < STEPS_MAX * 2 && outstanding(state) !== null; round += 1) {
    const signal = signalOf(
      { type: 'answer', status: 'succeeded' },
      { state, turns, outputs: script.outputs },
    )
    if (signal !== null) feed(signal)
  }
  return { plan, first, turns, last: state }
}

interface Situation {
  readonly state: SagaState
  readonly turns: readonly Turn[]
  readonly outputs: readonly unknown[]
}

function signalOf(move: Move, { state, turns, outputs }: Situation): Signal | null {
  const open = outstanding(state) ?? { step: 's0', direction: 'run' as const }
  const operation = operationId(ref, open.step, open.direction)
  switch (move.type) {
    case 'answer':
      return {
        type: 'answered',
        operation,
        answer: answerOf(move.status, outputs[turns.length % outputs.length]),
      }
    case 'stray': {
      const stray = operationId(ref, `s${move.step}`, move.direction)
      return stray === operation
        ? null
        : { type: 'answered', operation: stray, answer: answerOf(move.status, 'stray') }
    }
    case 'accepted':
      return { type: 'accepted', operation, until: 99 }
    case 'cancel':
      return { type: 'cancel', cancel: customer }
    case 'overdue':
      return { type: 'overdue' }
    case 'again':
      return turns.at(-1 - move.back)?.signal ?? null
    default:
      return move satisfies never
  }
}

function answerOf(status: AnswerStatus, output: unknown): Answer {
  return status === 'succeeded' ? { status, output } : answers[status]
}

export function entriesOf(trace: Trace): readonly HistoryEntry[] {
  return [
    ...trace.first.entries,
    ...trace.turns.flatMap(({ decision }) => (decision.type === 'decided' ? decision.entries : [])),
  ]
}

const GOES_BACK: Readonly<Record<StepKind, Partial<Record<AnswerStatus, 'before' | 'including'>>>> = {
  check: { rejected: 'before', withdrawn: 'before', faulted: 'before', unknown: 'before' },
  compensatable: { rejected: 'before', withdrawn: 'before', faulted: 'before', unknown: 'including' },
  pivot: { rejected: 'before', withdrawn: 'before', faulted: 'before' },
  retriable: {},
}

/** The end that entries alone lead to, by the outcome table; throws where an entry is not what it demands next. */
export function replay(kinds: readonly StepKind[], entries: readonly HistoryEntry[]): string {
  const undos: number[] = []
  let next = 'run 0'
  const demand = (what: string): void => {
    if (next !== what) throw new Error(`the table demands '${next}', the entries say '${what}'`)
  }
  const goBack = (): string => (undos.length === 0 ? 'end compensated' : `undo ${undos.at(-1)}`)
  for (const [index, entry] of entries.entries()) {
    const step = 'step' in entry ? Number(entry.step.slice(1)) : -1
    const kind = kinds[step] ?? 'check'
    if (entry.type === 'asked') demand(`${entry.direction} ${step}`)
    if (entry.type === 'ended') demand(`end ${entry.status}`)
    if (entry.type === 'undone') {
      demand(`undo ${step}`)
      undos.pop()
      next = goBack()
    }
    if (entry.type !== 'answered') continue
    demand(`run ${step}`)
    const cancelled = entry.status === 'succeeded' && entries[index + 1]?.type === 'cancelled'
    const back = cancelled ? 'including' : GOES_BACK[kind][entry.status]
    if (back === undefined && entry.status !== 'succeeded')
      throw new Error(`a ${kind} cannot answer ${entry.status}`)
    if (kind === 'compensatable' && back !== 'before') undos.push(step)
    const onward = step + 1 === kinds.length ? 'end completed' : `run ${step + 1}`
    next = back === undefined ? onward : goBack()
  }
  return next
}
