// Owns: a plan read as choreography: who acts on which message of which topic, and whom it names next. Computed
// by playing the kernel itself through every answer, so that the table cannot say something else than what
// happens. Does not own: what a participant does with a slip (runtime), cancels on their way (they carry no
// turn).
import type { Answer } from '../contract/outcome.ts'
import type { PlannedRequest } from '../contract/contract.ts'
import { eventNames } from '../contract/contract.ts'
import { decide } from '../kernel/decide.ts'
import type { Next } from '../kernel/decide.ts'
import type { Cancel, Direction, Phase, SagaState } from '../kernel/saga.ts'
import { operationId } from '../kernel/saga.ts'
import { stepOf } from '../kernel/route.ts'
import { TOPIC } from '../message/message.ts'
import type { Because, Plan, PlanContext, Step, StepKind } from './plan.ts'

/** How an operation was answered; `cancelled`: it had succeeded, and a cancel was waiting for that answer. */
export type Heard = Answer['status'] | 'cancelled'

/** One direction of one step, and who does it. */
export interface Work {
  readonly step: string
  readonly direction: Direction
  readonly kind: StepKind
  readonly participant: string
  /** Full name, e.g. `payment.prepare`. */
  readonly request: string
}

/** A message that may carry the turn: an event by its full name, or `start`. */
export interface Trigger {
  readonly topic: string
  readonly message: string
}

/** Whom the holder names after an answer: the next work, or the end of the saga. */
export interface Naming {
  readonly heard: Heard
  /** The event that says so. */
  readonly event: string
  readonly next: Work | { readonly end: 'completed' | 'compensated' }
}

export interface Reaction {
  readonly work: Work
  readonly on: readonly Trigger[]
  readonly names: readonly Naming[]
}

/** What each participant does when it is named, in plan order: all runs, then all undos backwards. */
export function reactions(plan: Plan): readonly Reaction[] {
  const bare = withoutFunctions(plan)
  const works = [
    ...plan.steps.map((step) => workOf(step, 'run')),
    ...plan.steps
      .filter(({ undo }) => undo !== null)
      .map((step) => workOf(step, 'undo'))
      .toReversed(),
  ]
  const namings = works.map((work) => ({ work, names: namingsOf(bare, work) }))
  return namings.map(({ work, names }) => ({ work, on: triggersOf(plan, work, namings), names }))
}

/**
 * The topics whose messages may name this participant as the next holder of a choreographed saga's turn: what
 * it must
 * read. In the order of the table, each once; empty for a participant that the plan does not ask, and for a plan whose
 * sagas are only ever orchestrated.
 */
export function topicsOf(plan: Plan, participant: string): readonly string[] {
  if (plan.pattern === 'orchestration') return []
  const own = reactions(plan).filter(({ work }) => work.participant === participant)
  return [...new Set(own.flatMap(({ on }) => on.map(({ topic }) => topic)))]
}

/** The reactions as a Markdown table, one line per direction of a step. */
export function reactionTable(plan: Plan): string {
  const rows = reactions(plan).map(({ work, on, names }) => {
    const heard = on.map(({ topic, message }) => `\`${message}\` on \`${topic}\``).join('<br>')
    return `| ${work.participant} | ${heard} | ${labelOf(work)}: \`${work.request}\` | ${grouped(names).join('<br>')} |`
  })
  return ['| participant | when it is named by | does | then names |', '|---|---|---|---|', ...rows].join(
    '\n',
  )
}

function labelOf(work: Pick<Work, 'step' | 'direction'>): string {
  return work.direction === 'undo' ? `undo ${work.step}` : work.step
}

function grouped(names: readonly Naming[]): readonly string[] {
  const byTarget = new Map<string, Heard[]>()
  for (const { heard, next } of names) {
    const target = 'end' in next ? `end: ${next.end}` : `${next.participant}: ${labelOf(next)}`
    byTarget.set(target, [...(byTarget.get(target) ?? []), heard])
  }
  return [...byTarget].map(([target, heard]) => `${heard.join(', ')}: ${target}`)
}

function workOf(step: Step, direction: Direction): Work {
  const { participant, request } = requestOf(step, direction).ref
  return { step: step.name, direction, kind: step.kind, participant, request: `${participant}.${request}` }
}

function requestOf(step: Step, direction: Direction): PlannedRequest<PlanContext> {
  const planned = direction === 'undo' ? step.undo : step.run
  if (planned === null) throw new RangeError(`step '${step.name}' has no ${direction}`)
  return planned
}

function triggersOf(
  plan: Plan,
  work: Work,
  namings: readonly { readonly work: Work; readonly names: readonly Naming[] }[],
): readonly Trigger[] {
  const isFirst = work.direction === 'run' && plan.steps[0]?.name === work.step
  const named = namings.flatMap((from) =>
    from.names
      .filter(({ next }) => 'step' in next && next.step === work.step && next.direction === work.direction)
      .map(({ event }) => ({ topic: TOPIC.events(from.work.participant), message: event })),
  )
  const all = isFirst ? [{ topic: TOPIC.started, message: 'start' }, ...named] : named
  return [...new Map(all.map((trigger) => [`${trigger.topic} ${trigger.message}`, trigger])).values()]
}

const ERROR = { code: '', message: '' }
const CANCEL: Cancel = { reason: '', by: '' }
const BECAUSE: Because = { step: '', status: 'faulted', reason: '', data: null }

const ANSWERS: readonly { readonly heard: Heard; readonly answer: Answer }[] = [
  { heard: 'succeeded', answer: { status: 'succeeded', output: null } },
  { heard: 'rejected', answer: { status: 'rejected', rejection: '', data: null } },
  { heard: 'withdrawn', answer: { status: 'withdrawn', reason: '' } },
  { heard: 'faulted', answer: { status: 'faulted', error: ERROR } },
  { heard: 'unknown', answer: { status: 'unknown', error: ERROR } },
  { heard: 'cancelled', answer: { status: 'succeeded', output: null } },
]

function namingsOf(bare: Plan, work: Work): readonly Naming[] {
  const { ref } = requestOf(stepOf(bare, work.step), work.direction)
  const saga = { plan: bare.name, id: '', pattern: 'choreography' } as const
  const operation = operationId(saga, work.step, work.direction)
  return ANSWERS.flatMap(({ heard, answer }) => {
    const wish = heard === 'cancelled' ? CANCEL : null
    // A wish is never kept about these two, and a pivot that has succeeded goes on as without one.
    if (wish !== null && (work.direction === 'undo' || work.kind === 'pivot' || work.kind === 'retriable'))
      return []
    const decision = decide(bare, stateOf(bare, work, wish), { type: 'answered', operation, answer }, 0)
    const next = decision.type === 'decided' ? nextOf(bare, decision.next) : null
    const event =
      answer.status === 'succeeded' ? eventNames.succeeded(ref) : eventNames.other(ref, answer.status)
    return next === null ? [] : [{ heard, event, next }]
  })
}

function nextOf(bare: Plan, next: Next): Naming['next'] | null {
  if (next.do === 'end') return { end: next.end.status }
  return next.do === 'ask' ? workOf(stepOf(bare, next.ask.step), next.ask.direction) : null
}

function stateOf(plan: Plan, work: Work, wish: Cancel | null): SagaState {
  const asked = { step: work.step, askedAt: 0, asks: 0 }
  const phase: Phase =
    work.direction === 'run'
      ? { at: 'running', ...asked, until: null, wish }
      : { at: 'undoing', ...asked, because: BECAUSE }
  const { version, fingerprint } = plan
  const saga = { plan: plan.name, id: '', pattern: 'choreography' } as const
  return { saga, version, fingerprint, input: null, results: {}, seq: 0, startedAt: 0, phase }
}

/** The plan with functions that need no real input. */
function withoutFunctions(plan: Plan): Plan {
  const bare = (planned: PlannedRequest<PlanContext>): PlannedRequest<PlanContext> => ({
    ref: planned.ref,
    input: () => null,
  })
  const steps = plan.steps.map((step) => ({
    ...step,
    run: bare(step.run),
    undo: step.undo === null ? null : bare(step.undo),
  }))
  return { ...plan, steps, end: { completed: () => null, compensated: () => null } }
}
