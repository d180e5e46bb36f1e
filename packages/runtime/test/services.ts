// Owns: the services of the runtime's tests: one contract for three participants, a handler of every form, and
// a script that says how each step behaves. Rules read the script, which a scene changes between batches only.
import {
  command,
  deferred,
  participant,
  query,
  rejected,
  saga,
  succeeded,
  type Plan,
  type Schema,
  type StepKind,
} from '@ensemble/core'
import { memoryEntries, memoryRows } from '@ensemble/memory'
import {
  aggregate,
  effect,
  implement,
  NotDone,
  transaction,
  type EffectCall,
  type Implementation,
} from '@ensemble/runtime'

export interface Ordered {
  /** Key of the row. */
  readonly key: string
  /** Name of the step that asks, by which the script is read. */
  readonly step: string
}

/** The smallest schema that can refuse. */
export function shaped<T>(problemOf: (value: unknown) => string | null): Schema<T> {
  const validate = (value: unknown) => {
    const problem = problemOf(value)
    return problem === null ? { value: value as T } : { issues: [{ message: problem }] }
  }
  return { '~standard': { version: 1, vendor: 'test', validate } }
}

const OrderedInput = shaped<Ordered>((value) => {
  const ok = typeof value === 'object' && value !== null && 'key' in value && typeof value.key === 'string'
  return ok ? null : 'expected a key'
})
const Anything = shaped<unknown>(() => null)

/** How a step behaves; `ok` when the script says nothing. */
export type Behaviour = 'ok' | 'reject' | 'throw' | 'not done' | 'hang' | 'wait' | 'withdrawn late'

export interface Script {
  readonly steps: Map<string, Behaviour>
  /** Calls of effects, in order. */
  readonly calls: { readonly operation: string; readonly run: string | null; readonly attempt: number }[]
  /** Called inside every handler before it does anything. */
  onHandle: (operation: string) => void
  /** Effects wait here before they say anything. */
  gate: Promise<void>
}

export function newScript(steps: Readonly<Record<string, Behaviour>> = {}): Script {
  return {
    steps: new Map(Object.entries(steps)),
    calls: [],
    onHandle: () => undefined,
    gate: Promise.resolve(),
  }
}

function contractOf<const Name extends string>(name: Name) {
  return participant(name, {
    look: query({ input: OrderedInput, rejections: { no: Anything } }),
    make: command({ input: OrderedInput, output: Anything, rejections: { no: Anything }, event: 'made' }),
    unmake: command({ input: OrderedInput }),
    finish: command({ input: OrderedInput }),
    wait: command({ input: OrderedInput, output: Anything, rejections: { no: Anything }, deferred: true }),
    pay: command({ input: OrderedInput, rejections: { no: Anything } }),
    write: command({ input: OrderedInput, output: Anything, rejections: { no: Anything } }),
    unwrite: command({ input: OrderedInput }),
    call: command({ input: OrderedInput, output: Anything, rejections: { no: Anything } }),
    uncall: command({ input: OrderedInput }),
    guess: command({ input: OrderedInput, output: Anything, rejections: { no: Anything } }),
  })
}

export const contracts = { a: contractOf('a'), b: contractOf('b'), c: contractOf('c') } as const
export type ServiceName = keyof typeof contracts
export const SERVICES: readonly ServiceName[] = ['a', 'b', 'c']

export interface Thing {
  readonly key: string
  readonly steps: Readonly<Record<string, 'done' | 'undone' | 'waiting' | 'withdrawn'>>
}
export const things = memoryRows<Thing>({ name: 'thing', key: ({ key }) => key })
/** One entry for every effect: an operation must not be in it twice. */
export const ledger = memoryEntries<{ readonly operation: string }>({ name: 'ledger' })
const written = memoryRows<Thing>({ name: 'written', key: ({ key }) => key })
export const tables = [things, written] as const

const WAIT_MS = 60_000

export function implementationOf(name: ServiceName, script: Script): Implementation {
  const contract = contracts[name]
  return implement(contract, {
    ...aggregateHandlers(contract, script),
    ...sqlHandlers(contract, script),
    ...effectHandlers(contract, script),
  })
}

type Contract = (typeof contracts)[ServiceName]

function play(script: Script, step: string, operation: string): Behaviour {
  script.onHandle(operation)
  const behaviour = script.steps.get(step) ?? 'ok'
  if (behaviour === 'throw') throw new Error(`'${step}' throws`)
  return behaviour
}

function marked(state: Thing | undefined, { key, step }: Ordered, mark: Thing['steps'][string]): Thing {
  return { key, steps: { ...state?.steps, [step]: mark } }
}

const thing = aggregate<Thing, Record<never, never>, { readonly operation: string }>({
  rows: things,
  entries: ledger,
})
const key = (input: Ordered): string => input.key

function aggregateHandlers(contract: Contract, script: Script) {
  const certain = (mark: 'done' | 'undone') => ({
    key,
    decide: (state: Thing | undefined, input: Ordered, { operation }: { operation: string }) => {
      play(script, mark === 'undone' ? `${input.step}:undo` : input.step, operation)
      const entries = [{ operation }]
      if (mark === 'undone' && state?.steps[input.step] === undefined)
        return { outcome: succeeded(), entries }
      return { outcome: succeeded(), state: marked(state, input, mark), entries }
    },
  })
  return {
    look: thing.on(contract.look, {
      key,
      decide: (_state, { step }, { operation }) => ({
        outcome: play(script, step, operation) === 'reject' ? rejected('no', { step }) : succeeded(),
      }),
    }),
    make: thing.on(contract.make, {
      key,
      decide: (state, input, { operation }) => {
        if (play(script, input.step, operation) === 'reject')
          return { outcome: rejected('no', { step: input.step }) }
        return {
          outcome: succeeded({ made: input.step }),
          state: marked(state, input, 'done'),
          entries: [{ operation }],
        }
      },
    }),
    unmake: thing.on(contract.unmake, certain('undone')),
    finish: thing.on(contract.finish, certain('done')),
    ...waitingHandlers(contract, script),
  }
}

function waitingHandlers(contract: Contract, script: Script) {
  return {
    wait: thing.on(contract.wait, {
      key,
      decide: (state, input, { now, operation }) => {
        const played = play(script, input.step, operation)
        if (played === 'reject') return { outcome: rejected('no', { step: input.step }) }
        return { outcome: deferred({ until: now + WAIT_MS }), state: marked(state, input, 'waiting') }
      },
      withdraw: (state, input, { operation }) => {
        if (play(script, input.step, operation) === 'withdrawn late') {
          return {
            outcome: succeeded({ paid: true }),
            state: marked(state, input, 'done'),
            entries: [{ operation }],
          }
        }
        return { outcome: { status: 'withdrawn' }, state: marked(state, input, 'withdrawn') }
      },
    }),
    pay: thing.on(contract.pay, {
      key,
      decide: (state, input, { deferred: waiting, operation }) => {
        const [first] = waiting
        if (first === undefined) return { outcome: rejected('no', { step: input.step }) }
        const outcome =
          script.steps.get('pay') === 'reject'
            ? rejected('no', { step: input.step })
            : succeeded({ paid: true })
        const entries = [{ operation }, { operation: first.operation }]
        return {
          outcome: succeeded(),
          state: marked(state, input, 'done'),
          settlements: [{ operation: first.operation, outcome }],
          entries,
        }
      },
    }),
  }
}

function sqlHandlers(contract: Contract, script: Script) {
  const save = async (
    call: { tx: Parameters<typeof written.load>[0]; input: Ordered; operation: string },
    mark: 'done' | 'undone',
  ) => {
    const { tx, input, operation } = call
    const state = (await written.load(tx, [input.key])).get(input.key)
    const row = { key: input.key, state: marked(state, input, mark) }
    if (mark === 'done' || state?.steps[input.step] !== undefined) {
      await (state === undefined ? written.insert(tx, [row]) : written.update(tx, [row]))
    }
    await ledger.append(tx, [{ operation }])
  }
  return {
    write: transaction(contract.write, {
      handle: async (call) => {
        await save(call, 'done')
        const { step } = call.input
        return play(script, step, call.operation) === 'reject'
          ? rejected('no', { step })
          : succeeded({ written: step })
      },
    }),
    unwrite: transaction(contract.unwrite, {
      handle: async (call) => {
        play(script, `${call.input.step}:undo`, call.operation)
        await save(call, 'undone')
        return succeeded()
      },
    }),
  }
}

function effectHandlers(contract: Contract, script: Script) {
  const called = async ({ operation, run, attempt, input }: EffectCall<Ordered>): Promise<Behaviour> => {
    script.calls.push({ operation, run, attempt })
    await script.gate
    const step = run === null ? input.step : `${input.step}:undo`
    const behaviour = play(script, step, operation)
    if (behaviour === 'not done') throw new NotDone(`'${step}' is not done`)
    if (behaviour === 'hang') await new Promise(() => undefined)
    return behaviour
  }
  const on = { provider: 'p', timeoutMs: 1_000 } as const
  return {
    call: effect(contract.call, {
      ...on,
      call: async (call) =>
        (await called(call)) === 'reject'
          ? rejected('no', { step: call.input.step })
          : succeeded({ called: true }),
    }),
    uncall: effect(contract.uncall, {
      ...on,
      call: async (call) => {
        await called(call)
        return succeeded()
      },
    }),
    guess: effect(contract.guess, {
      ...on,
      provider: 'q',
      onUnknown: 'give up',
      call: async (call) =>
        (await called(call)) === 'reject'
          ? rejected('no', { step: call.input.step })
          : succeeded({ called: true }),
    }),
  }
}

/** How a step of a made-up plan is done. */
export type Form = 'make' | 'write' | 'call' | 'guess' | 'wait'

export interface StepSpec {
  readonly kind: StepKind
  readonly form?: Form
  readonly pipelined?: boolean
}

const UNDO = { make: 'unmake', write: 'unwrite', call: 'uncall', guess: 'uncall', wait: 'unmake' } as const
const CERTAIN = { make: 'finish', write: 'unwrite', call: 'uncall', guess: 'uncall', wait: 'finish' } as const

export const PlanInput = shaped<{ readonly key: string }>((value) =>
  typeof value === 'object' && value !== null && 'key' in value ? null : 'expected a key',
)

type Builder = {
  readonly [Kind in StepKind]: (name: string, step: object) => Builder
} & { readonly pipelined: Builder; readonly end: (end: object) => Plan<{ readonly key: string }> }

function loose(builder: unknown): Builder {
  return builder as Builder
}

/** A plan whose steps `s1`, `s2`, ... are asked of a, b, c, a, ..., or of these in turns. */
export function planOf(
  name: string,
  steps: readonly StepSpec[],
  more: {
    readonly within?: '10s' | '1m'
    readonly stepWithin?: '10s'
    readonly throws?: string | null
    readonly on?: readonly ServiceName[]
    /** Of the row that a step is about; default the saga's. */
    readonly keyOf?: (step: string) => string
  } = {},
): Plan<{ readonly key: string }> {
  const { within, throws = null, on = SERVICES } = more
  // The builder's types follow a plan that is spelled out; this one is computed, and checked when it is made.
  let builder = loose(
    saga(name, { version: 1, input: PlanInput, ...(within === undefined ? {} : { within }) }),
  )
  steps.forEach(({ kind, form = 'make', pipelined = false }, index) => {
    const step = `s${index + 1}`
    const contract = contracts[on[index % on.length] ?? 'a']
    const input = ({ input: { key } }: { input: { key: string } }): Ordered => {
      if (throws === step) throw new Error(`the plan throws at ${step}`)
      return { key: more.keyOf?.(step) ?? key, step }
    }
    const run =
      kind === 'check'
        ? contract.look(input)
        : kind === 'retriable'
          ? contract[CERTAIN[form]](input)
          : contract[form](input)
    const undo = kind === 'compensatable' ? { undo: contract[UNDO[form]](input) } : {}
    const stepWithin =
      more.stepWithin === undefined || kind === 'retriable' ? {} : { within: more.stepWithin }
    builder = (pipelined ? builder.pipelined : builder)[kind](step, { run, ...undo, ...stepWithin })
  })
  return builder.end({
    completed: () => ({ ok: true }),
    compensated: ({ because }: { because: unknown }) => ({ because }),
  })
}
