// Owns: what can happen to a saga, as values that a scene is written with: started, answers about steps, cancels,
// time.
// I1: an answer is checked against the contract of the request it is about, so that a scene cannot tell what never
//     happens.
import { check, EXPIRED, operationId, spanMs } from '@ensemble/core'
import type { Answer, Cancel, Direction, Plan, RequestRef, Schema, Signal, Span, Time } from '@ensemble/core'
import { SAGA_ID } from './specify-report.ts'

/** The saga starts with this input. */
export interface Started<Input = unknown> {
  readonly type: 'started'
  readonly title: string
  readonly input: Input
  readonly wish: Cancel | null
}

export type Happening =
  | { readonly type: 'signal'; readonly title: string; readonly signal: (plan: Plan) => Signal }
  | { readonly type: 'later'; readonly title: string; readonly ms: number }

/** The saga starts with `input`; `wish` is a cancel that came before the start. */
export function started<Input>(input: Input, early: { readonly wish?: Cancel } = {}): Started<Input> {
  return { type: 'started', title: 'started', input, wish: early.wish ?? null }
}

/** A step's run succeeded with this output, which must match the contract's. */
export function succeeded(step: string, output?: unknown): Happening {
  return about({ step, direction: 'run' }, { status: 'succeeded', output })
}

/** A step's run was refused by a declared rejection, or by the reserved `expired`. */
export function rejected(step: string, rejection: string, data: unknown = null): Happening {
  return about({ step, direction: 'run' }, { status: 'rejected', rejection, data })
}

export function withdrawn(step: string, reason: string): Happening {
  return about({ step, direction: 'run' }, { status: 'withdrawn', reason })
}

/** The retries of a step's run were used up; nothing happened. */
export function faulted(step: string, code: string): Happening {
  return about({ step, direction: 'run' }, { status: 'faulted', error: { code, message: code } })
}

/** Nobody can tell whether a step's run happened. */
export function unknown(step: string, code: string): Happening {
  return about({ step, direction: 'run' }, { status: 'unknown', error: { code, message: code } })
}

/** A step's undo succeeded with this output, which must match the contract's. */
export function undone(step: string, output?: unknown): Happening {
  return about({ step, direction: 'undo' }, { status: 'succeeded', output })
}

/** A step's run was deferred until a time. */
export function accepted(step: string, until: Time): Happening {
  const signal = (plan: Plan): Signal => {
    const ref = refOf(plan, step, 'run')
    if (ref.spec.deferred !== true)
      throw new TypeError(`${ref.participant}.${ref.request} is not declared as deferred`)
    return { type: 'accepted', operation: operationId({ plan: plan.name, id: SAGA_ID }, step, 'run'), until }
  }
  return { type: 'signal', title: `${step} accepted`, signal }
}

/** Somebody wishes that the saga be undone. */
export function cancel(by: string, reason: string = 'cancelled'): Happening {
  return {
    type: 'signal',
    title: `cancel by ${by}`,
    signal: () => ({ type: 'cancel', cancel: { by, reason } }),
  }
}

/** Nothing was heard for too long. */
export function overdue(): Happening {
  return { type: 'signal', title: 'overdue', signal: () => ({ type: 'overdue' }) }
}

/** Time passes before what comes next. */
export function later(span: Span): Happening {
  return { type: 'later', title: `${span} later`, ms: spanMs(span) }
}

function about({ step, direction }: { step: string; direction: Direction }, answer: Answer): Happening {
  const word = answer.status === 'rejected' ? `rejected: ${answer.rejection}` : answer.status
  const title = direction === 'undo' ? `${step} undone` : `${step} ${word}`
  const signal = (plan: Plan): Signal => {
    checkAnswer(refOf(plan, step, direction), answer)
    return {
      type: 'answered',
      operation: operationId({ plan: plan.name, id: SAGA_ID }, step, direction),
      answer,
    }
  }
  return { type: 'signal', title, signal }
}

function refOf(plan: Plan, name: string, direction: Direction): RequestRef {
  const step = plan.steps.find((candidate) => candidate.name === name)
  if (step === undefined) {
    throw new TypeError(
      `${plan.name} has no step '${name}'; its steps: ${plan.steps.map((one) => one.name).join(', ')}`,
    )
  }
  const planned = direction === 'undo' ? step.undo : step.run
  if (planned === null) throw new TypeError(`${plan.name}: step '${name}' has no undo`)
  return planned.ref
}

/** Errors: TypeError when the request could not be answered so. */
export function checkAnswer(ref: RequestRef, answer: Answer): void {
  const where = `${ref.participant}.${ref.request}`
  if (answer.status === 'succeeded') {
    if (ref.spec.output !== undefined) matches(ref.spec.output, answer.output, `${where}: output`)
    else if (answer.output !== undefined) throw new TypeError(`${where} declares no output`)
  }
  if (answer.status !== 'rejected') return
  const declared = ref.spec.rejections ?? {}
  const schema = Object.hasOwn(declared, answer.rejection) ? declared[answer.rejection] : undefined
  if (schema !== undefined) matches(schema, answer.data, `${where}: rejection '${answer.rejection}'`)
  else if (answer.rejection !== EXPIRED) {
    throw new TypeError(
      `${where} does not declare '${answer.rejection}'; it declares: ${Object.keys(declared).join(', ')}`,
    )
  }
}

/** The value as the schema gives it. Errors: TypeError with the problems. */
export function matches(schema: Schema, value: unknown, where: string): unknown {
  const checked = check(schema, value)
  if (checked.ok) return checked.value
  throw new TypeError(`${where} does not match its schema: ${checked.problems.join('; ')}`)
}
