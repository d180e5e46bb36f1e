// Owns: what the plan's functions compute: the operation that a saga asks for, and the data it ends with.
import type { Time } from '../contract/outcome.ts'
import type { Plan, Step } from '../plan/plan.ts'
import type { Ask, Direction, SagaState } from './saga.ts'
import { operationId } from './saga.ts'
import type { Route } from './route.ts'

/** A plan function threw. Never undoes work; see the kernel's I4. */
export class PlanThrows extends Error {
  readonly code = 'PLAN_THROWS'
}

/**
 * The ask of one direction of a step. Asked again it is the same: same id, input, deadline and `issuedAt`.
 * Errors: PlanThrows when the plan's function does.
 */
export function askOf(
  plan: Plan,
  state: SagaState,
  what: { step: Step; direction: Direction; askedAt: Time },
): Ask {
  const { step, direction, askedAt } = what
  const planned = direction === 'undo' ? step.undo : step.run
  if (planned === null) throw new RangeError(`plan '${plan.name}', step '${step.name}' has no ${direction}`)
  const { participant, request, spec } = planned.ref
  const pipelined = direction === 'run' ? pipelinedBehind(plan, state, { step, askedAt }) : undefined
  return {
    operation: operationId(state.saga, step.name, direction),
    step: step.name,
    kind: step.kind,
    direction,
    participant,
    request,
    contract: spec.version ?? 1,
    input: computed(plan, `step '${step.name}'`, () =>
      planned.input({ input: state.input, results: state.results }),
    ),
    deadline: direction === 'run' && step.withinMs !== null ? askedAt + step.withinMs : null,
    issuedAt: askedAt,
    ...(pipelined !== undefined && { pipelined }),
  }
}

/** Whoever has a choreographed saga's turn goes on by itself anyway. */
function pipelinedBehind(
  plan: Plan,
  state: SagaState,
  { step, askedAt }: { step: Step; askedAt: Time },
): Ask | undefined {
  const next = plan.steps[plan.steps.indexOf(step) + 1]
  if (next?.pipelined !== true || state.saga.pattern !== 'orchestration') return undefined
  try {
    return askOf(plan, state, { step: next, direction: 'run', askedAt })
  } catch (error) {
    // It parks the decision that asks for it, as it would without being sent along; this step can be asked.
    if (error instanceof PlanThrows) return undefined
    throw error
  }
}

/**
 * What was sent along, as its participant takes it up: its time to begin counts from now on, and it may be asked again
 * as the same.
 */
export function takenUp(ask: Ask, now: Time): Ask {
  const laterMs = now - ask.issuedAt
  const deadline = ask.deadline === null ? null : ask.deadline + laterMs
  const { pipelined } = ask
  return {
    ...ask,
    issuedAt: now,
    deadline,
    ...(pipelined !== undefined && { pipelined: takenUp(pipelined, now) }),
  }
}

export interface SagaEnd {
  readonly status: 'completed' | 'compensated'
  readonly data: unknown
}

/**
 * How a saga ends, with the data that its end event carries. Errors: PlanThrows when the plan's function
 * does.
 */
export function endOf(plan: Plan, state: SagaState, route: Exclude<Route, { readonly step: Step }>): SagaEnd {
  const context = { input: state.input, results: state.results }
  if (route.to === 'completed') {
    return { status: 'completed', data: computed(plan, 'end.completed', () => plan.end.completed(context)) }
  }
  const { because } = route
  const data = computed(plan, 'end.compensated', () => plan.end.compensated({ ...context, because }) ?? null)
  return { status: 'compensated', data }
}

/** How a saga has ended, as it was told before; null while it goes on. Errors: PlanThrows. */
export function endAgain(plan: Plan, state: SagaState): SagaEnd | null {
  const { phase } = state
  if (phase.at === 'completed') return endOf(plan, state, { to: 'completed' })
  if (phase.at === 'compensated') return endOf(plan, state, { to: 'compensated', because: phase.because })
  return null
}

function computed(plan: Plan, where: string, compute: () => unknown): unknown {
  try {
    return compute()
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error)
    throw new PlanThrows(`plan '${plan.name}' version ${plan.version}, ${where}: ${reason}`)
  }
}
