// Owns: given/when/then for plans (the idea: emmett). A scene plays the kernel itself; nothing is sent and no time
// passes unless the scene says so.
// I1: everything that is given must be decided; a given that is ignored or parked fails the scene, naming it.
import { begin, decide } from '@ensemble/core'
import type { Decision, Plan, SagaState, Time } from '@ensemble/core'
import { aspectOf } from './specify-expectations.ts'
import type { Expected } from './specify-expectations.ts'
import { matches } from './specify-happenings.ts'
import type { Happening, Started } from './specify-happenings.ts'
import { SAGA_ID, same, SCENE_BEGINS } from './specify-report.ts'

/** What was decided; `then` compares it. */
export interface Then {
  readonly decision: Decision
  /** Compares full values. Errors: AssertionError with the scene and the difference. */
  readonly then: (...expected: readonly [Expected, ...Expected[]]) => void
}

export interface When {
  /** What happens next. Errors: TypeError when the plan or its contracts do not allow it. */
  readonly when: (happening: Happening) => Then
}

export interface Specified<Input> {
  /** What has happened so far, in order. */
  readonly given: (start: Started<Input>, ...more: readonly Happening[]) => When
  /** The start itself is what happens. */
  readonly when: (start: Started<Input>) => Then
}

/** A scene of one saga: `specify(plan).given(started(input)).when(cancel('customer')).then(withdraws('openOrder'))`. */
export function specify<Input>(plan: Plan<Input>): Specified<Input> {
  return {
    given: (start, ...more) => {
      const titles = [start, ...more].map(({ title }) => title)
      let known: Known = { state: stateOf(begun(plan, start), start.title, 1), now: SCENE_BEGINS }
      for (const [index, happening] of more.entries())
        known = played(plan, known, { happening, position: index + 2 })
      return { when: (happening) => outcome(plan, known, { titles, happening }) }
    },
    when: (start) => then(`${plan.name}: when ${start.title}`, begun(plan, start)),
  }
}

interface Known {
  readonly state: SagaState
  readonly now: Time
}

function begun(plan: Plan, { input, wish }: Started): Decision {
  const checked = matches(plan.input, input, `${plan.name}: input`)
  const saga = { plan: plan.name, id: SAGA_ID, pattern: 'orchestration' } as const
  return begin(plan, { saga, input: checked, now: SCENE_BEGINS, wish })
}

function played(plan: Plan, { state, now }: Known, what: { happening: Happening; position: number }): Known {
  const { happening, position } = what
  if (happening.type === 'later') return { state, now: now + happening.ms }
  return { state: stateOf(decide(plan, state, happening.signal(plan), now), happening.title, position), now }
}

function stateOf(decision: Decision, title: string, position: number): SagaState {
  if (decision.type === 'decided') return decision.state
  const why = decision.type === 'ignored' ? `ignored: ${decision.reason}` : `parked: ${decision.message}`
  throw new TypeError(`given ${position}, '${title}', was ${why}`)
}

function outcome(plan: Plan, known: Known, scene: { titles: readonly string[]; happening: Happening }): Then {
  const { titles, happening } = scene
  if (happening.type === 'later')
    throw new TypeError(`'${happening.title}' is no signal; give it, then say what happens`)
  const title = `${plan.name}: given ${titles.join(', ')}; when ${happening.title}`
  return then(title, decide(plan, known.state, happening.signal(plan), known.now))
}

function then(title: string, decision: Decision): Then {
  const compare: Then['then'] = (...expected) => {
    const aspects = expected.map(({ aspect }) => aspect)
    if (new Set(aspects).size < aspects.length) throw new TypeError(`${title}: an aspect is expected twice`)
    same(title, {
      actual: Object.fromEntries(aspects.map((aspect) => [aspect, aspectOf(decision, aspect)])),
      expected: Object.fromEntries(expected.map(({ aspect, value }) => [aspect, value])),
    })
  }
  // oxlint-disable-next-line unicorn/no-thenable -- a scene reads given, when, then; it is never awaited
  return { decision, then: compare }
}
