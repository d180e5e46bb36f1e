// Owns: the outcome table: where a saga goes after a step's answer.
//
// | step          | rejected, withdrawn, faulted   | unknown                                   |
// |---------------|--------------------------------|-------------------------------------------|
// | check         | back from the step before      | back from the step before                 |
// | compensatable | back from the step before      | back including itself: it may have happened |
// | pivot         | back from the step before      | never answered: the participant goes on   |
// | retriable     | impossible by type             | never answered                            |
import type { Answer } from '../contract/outcome.ts'
import type { Because, Plan, Step } from '../plan/plan.ts'

export type Route =
  | { readonly to: 'run'; readonly step: Step }
  | { readonly to: 'completed' }
  | { readonly to: 'undo'; readonly step: Step; readonly because: Because }
  | { readonly to: 'compensated'; readonly because: Because }

export interface TurnBack {
  /** Whether the step itself is undone too. */
  readonly including: boolean
  readonly because: Because
}

export function stepOf(plan: Plan, name: string): Step {
  const step = plan.steps.find((candidate) => candidate.name === name)
  if (step === undefined)
    throw new RangeError(`plan '${plan.name}' version ${plan.version} has no step '${name}'`)
  return step
}

export function goForward(plan: Plan, from: Step): Route {
  const step = plan.steps[plan.steps.indexOf(from) + 1]
  return step === undefined ? { to: 'completed' } : { to: 'run', step }
}

/** The nearest step at or before `from` that has an undo, in reverse order of the plan. */
export function goBack(plan: Plan, from: Step, { including, because }: TurnBack): Route {
  const end = plan.steps.indexOf(from) + (including ? 1 : 0)
  const step = plan.steps.slice(0, end).findLast((candidate) => candidate.undo !== null)
  return step === undefined ? { to: 'compensated', because } : { to: 'undo', step, because }
}

/**
 * How an answer other than `succeeded` turns the saga around; null when that answer is impossible for the
 * step.
 */
export function failure(
  step: Step,
  answer: Exclude<Answer, { readonly status: 'succeeded' }>,
): TurnBack | null {
  if (step.kind === 'retriable') return null
  const at = step.name
  switch (answer.status) {
    case 'rejected':
      return {
        including: false,
        because: { step: at, status: 'rejected', reason: answer.rejection, data: answer.data ?? null },
      }
    case 'withdrawn':
      return {
        including: false,
        because: { step: at, status: 'cancelled', reason: answer.reason, data: null },
      }
    case 'faulted':
      return {
        including: false,
        because: { step: at, status: 'faulted', reason: answer.error.code, data: answer.error },
      }
    case 'unknown':
      if (step.kind === 'pivot') return null
      return {
        including: step.kind === 'compensatable',
        because: { step: at, status: 'unknown', reason: answer.error.code, data: answer.error },
      }
    default:
      return answer satisfies never
  }
}
