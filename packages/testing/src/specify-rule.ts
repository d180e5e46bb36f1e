// Owns: given/when/then for the rules of aggregates: pure, no ports, no rows loaded.
// I1: a rule sees only what its `needs` name, as in the engine: related rows that it does not name are undefined,
//     a claim that it does not name cannot be looked up, and a related row not named cannot change.
// I2: input and outcome are checked against the contract.
import type { Cancel, RequestRef, SagaRef, Time } from '@ensemble/core'
import type { AggregateContext, Change, EventHandler, Handler, HandlerContext } from '@ensemble/runtime'
import { checkAnswer, matches } from './specify-happenings.ts'
import { filled, SAGA_ID, same, SCENE_BEGINS } from './specify-report.ts'

type AggregateHandler = Extract<Handler, { readonly form: 'aggregate' }>
type Context = AggregateContext<Readonly<Record<string, unknown>>>
type Outcome = ReturnType<AggregateHandler['rule']['decide']>['outcome']
export type AnyChange = Change<unknown, Readonly<Record<string, unknown>>, unknown, Outcome>

/** What a rule finds. Left out: no row, nobody's claim, nothing deferred, the scene's own time and operation. */
export interface Found {
  readonly state?: unknown
  readonly related?: Readonly<Record<string, unknown>>
  /** Claimed value -> who holds it. */
  readonly claims?: Readonly<Record<string, string>>
  readonly deferred?: Context['deferred']
  readonly now?: Time
  readonly operation?: string
  readonly saga?: SagaRef | null
}

export interface RuleThen {
  readonly change: AnyChange
  /** Compares the whole change. Errors: AssertionError with the scene and the difference. */
  readonly then: (expected: AnyChange) => void
}

export interface RuleWhen {
  /** The request, event or timer comes. Errors: TypeError when input or outcome do not match the contract. */
  readonly when: (input: unknown) => RuleThen
  /** A withdraw meets the deferred operation. */
  readonly whenWithdrawn: (input: unknown, cancel: Cancel) => RuleThen
}

export interface SpecifiedRule extends RuleWhen {
  readonly given: (found: Found) => RuleWhen
}

/** A scene of one rule: `specifyRule(collect).given({ state }).when(input).then({ outcome, state })`. */
export function specifyRule(handler: AggregateHandler | EventHandler): SpecifiedRule {
  return { ...scenes(handler, {}), given: (found) => scenes(handler, found) }
}

function scenes(handler: AggregateHandler | EventHandler, found: Found): RuleWhen {
  const name = nameOf(handler)
  return {
    when: (input) => {
      const change = run({ handler, found, input, decide: handler.rule.decide, extra: {} })
      return then(`${name}: when it comes`, change)
    },
    whenWithdrawn: (input, cancel) => {
      const decide = 'form' in handler ? handler.withdraw : null
      if (decide === null) throw new TypeError(`${name} has no rule for its withdrawal`)
      const change = run({ handler, found, input, decide, extra: { cancel } })
      return then(`${name}: when it is withdrawn`, change)
    },
  }
}

interface Run {
  readonly handler: AggregateHandler | EventHandler
  readonly found: Found
  readonly input: unknown
  readonly decide: AggregateHandler['rule']['decide']
  readonly extra: object
}

function run({ handler, found, input, decide, extra }: Run): AnyChange {
  const name = nameOf(handler)
  const schema = 'form' in handler ? handler.ref.spec.input : handler.schema
  const checked = matches(schema, input, `${name}: input`)
  handler.rule.key(checked)
  const needs = handler.rule.needs?.(checked, found.state) ?? {}
  const named = Object.entries(needs.related ?? {}).flatMap(([table, key]) =>
    key === undefined ? [] : [table],
  )
  const context: Context = {
    ...sceneOf(found),
    related: Object.fromEntries(named.map((table) => [table, found.related?.[table]])),
    holder: (claim) => {
      if (needs.claims?.includes(claim) !== true)
        throw new TypeError(`${name} looks up '${claim}', which its needs do not name`)
      return found.claims?.[claim] ?? null
    },
    deferred: found.deferred ?? [],
    ...extra,
  }
  const change = decide(found.state, checked, context)
  const stranger = Object.keys(change.related ?? {}).find((table) => !named.includes(table))
  if (stranger !== undefined)
    throw new TypeError(`${name} changes related '${stranger}', which its needs do not name`)
  if (change.outcome.status === 'deferred' && change.state === undefined && found.state === undefined)
    throw new TypeError(`${name} defers without a row: it has to return a state, too`)
  if ('form' in handler) checkOutcome(handler.ref, change.outcome)
  return change
}

function sceneOf(found: Found): HandlerContext {
  const saga: SagaRef = { plan: 'scene', id: SAGA_ID, pattern: 'orchestration' }
  return {
    now: found.now ?? SCENE_BEGINS,
    operation: found.operation ?? `scene/${SAGA_ID}/step/run`,
    saga: found.saga === undefined ? saga : found.saga,
  }
}

function checkOutcome(ref: RequestRef, outcome: Outcome): void {
  if (outcome.status === 'succeeded' || outcome.status === 'rejected') checkAnswer(ref, outcome)
  if (outcome.status === 'deferred' && ref.spec.deferred !== true) {
    throw new TypeError(`${ref.participant}.${ref.request} is not declared as deferred`)
  }
}

function then(scene: string, change: AnyChange): RuleThen {
  const compare: RuleThen['then'] = (expected) =>
    same(scene, { actual: filled(change), expected: filled(expected) })
  // oxlint-disable-next-line unicorn/no-thenable -- a scene reads given, when, then; it is never awaited
  return { change, then: compare }
}

function nameOf(handler: AggregateHandler | EventHandler): string {
  return 'form' in handler ? `${handler.ref.participant}.${handler.ref.request}` : handler.name
}
