// Owns: made-up plans: one to eight steps of all kinds and forms, spans, and a plan function that may throw until a
// newer program is deployed.
import { saga, type Plan, type StepKind } from '@ensemble/core'
import type { Chance } from '../chance.ts'
import type { Deployment } from '../subject.ts'
import { typed } from '../typed.ts'
import { contracts, PARTICIPANTS, type Ordered, type Part } from './contracts.ts'

/** How a step of a made-up plan is done. */
const FORMS = ['make', 'write', 'call', 'guess', 'wait', 'hold'] as const
export type Form = (typeof FORMS)[number]

export interface StepShape {
  readonly name: string
  readonly kind: StepKind
  readonly form: Form | 'look'
  readonly participant: (typeof PARTICIPANTS)[number]
  readonly within: '2s' | '20s' | null
  /** It is sent along with the step before, which asks the same participant. */
  readonly pipelined: boolean
}

export interface PlanShape {
  readonly name: string
  readonly version: 1 | 2
  readonly steps: readonly StepShape[]
  readonly within: '5s' | '1m' | null
}

/** What a saga of a made-up plan starts with. */
export interface Script {
  readonly key: string
  readonly saga: string
  readonly parts: Readonly<Record<string, Part>>
  /** The plan's function of this step throws until the program is repaired. */
  readonly throwsAt: string | null
}

const UNDO = {
  make: 'unmake',
  write: 'unwrite',
  call: 'uncall',
  guess: 'uncall',
  wait: 'unmake',
  hold: 'unwrite',
} as const
/** Requests that cannot be refused, for retriables. */
const CERTAIN = {
  make: 'finish',
  write: 'rewrite',
  call: 'recall',
  guess: 'reguess',
  wait: 'finish',
  hold: 'rewrite',
} as const

const STEPS_MAX = 8

export function drawShape(chance: Chance, number: number): PlanShape {
  const count = chance.hit(0.7) ? chance.int(1, 4) : chance.int(1, STEPS_MAX)
  const pivotAt = chance.hit(0.6) ? chance.int(0, count - 1) : -1
  const firstRetriable = pivotAt >= 0 ? pivotAt + 1 : chance.int(0, count)
  const steps: StepShape[] = []
  for (let index = 0; index < count; index += 1) {
    const kind =
      index === pivotAt
        ? 'pivot'
        : index >= firstRetriable
          ? 'retriable'
          : chance.hit(0.25)
            ? 'check'
            : 'compensatable'
    const before = steps.at(-1)
    const pipelined = before !== undefined && before.kind !== 'check' && chance.hit(0.3)
    steps.push({
      name: `s${index + 1}`,
      kind,
      form: formOf(chance, kind),
      participant: pipelined ? before.participant : chance.pick(PARTICIPANTS),
      within: kind === 'retriable' || !chance.hit(0.2) ? null : chance.pick(['2s', '20s']),
      pipelined,
    })
  }
  return {
    name: `sim.p${number}`,
    version: 1,
    steps,
    within: chance.hit(0.15) ? chance.pick(['5s', '1m']) : null,
  }
}

function formOf(chance: Chance, kind: StepKind): StepShape['form'] {
  return kind === 'check' ? 'look' : chance.pick(FORMS)
}

export function planOf({ name, version, steps, within }: PlanShape, deployment: Deployment): Plan<Script> {
  let builder = loose(saga(name, { version, input: ScriptInput, ...(within === null ? {} : { within }) }))
  for (const step of steps)
    builder = (step.pipelined ? builder.pipelined : builder)[step.kind](step.name, stepOf(step, deployment))
  return builder.end({
    completed: ({ input }: { input: Script }) => ({ saga: input.saga }),
    compensated: ({ input, because }: { input: Script; because: unknown }) => ({ saga: input.saga, because }),
  })
}

/** What a step's participant is told. */
export function orderedOf({ name }: { readonly name: string }, script: Script): Ordered {
  const part = script.parts[name]
  if (part === undefined) throw new Error(`the script has no part for ${name}`)
  return { key: script.key, mark: `${script.saga}/${name}`, amount: Number(name.slice(1)), part }
}

function stepOf({ name, kind, form, participant, within }: StepShape, deployment: Deployment): object {
  const contract = contracts[participant]
  const input = ({ input: script }: { input: Script }): Ordered => {
    if (script.throwsAt === name && !deployment.isRepaired) throw new Error(`the plan throws at ${name}`)
    return orderedOf({ name }, script)
  }
  if (form === 'look') return { run: contract.look(input), ...(within === null ? {} : { within }) }
  if (kind === 'retriable') return { run: contract[CERTAIN[form]](input) }
  const undo = kind === 'compensatable' ? { undo: contract[UNDO[form]](input) } : {}
  return { run: contract[form](input), ...undo, ...(within === null ? {} : { within }) }
}

const ScriptInput = {
  '~standard': {
    version: 1,
    vendor: 'simulator',
    validate: (value: unknown) => ({ value: typed<Script>(value) }),
  },
} as const

type Builder = {
  readonly [Kind in StepKind]: (name: string, step: object) => Builder
} & { readonly pipelined: Builder; readonly end: (end: object) => Plan<Script> }

/** The builder's types follow a plan that is spelled out; this one is computed, and checked when it is made. */
function loose(builder: unknown): Builder {
  return typed<Builder>(builder)
}
