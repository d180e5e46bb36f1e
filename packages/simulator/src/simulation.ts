// Owns: a subject of one's own in few words: services, which sagas begin with what, what customers do about them, and
// what must be true in the end.
// I1: what is wrong with the file itself (a service that is missing, an input that the plan refuses) is an error, not
// a violation.
import {
  check,
  PATTERNS,
  type InputOf,
  type Message,
  type Plan,
  type RequestRef,
  type RequestSpec,
} from '@ensemble/core'
import type { Entries, Implementation, Rows } from '@ensemble/runtime'
import type { Chance } from './chance.ts'
import { endOf } from './checks/sagas.ts'
import type { Evidence } from './evidence.ts'
import type { Deed, Outside } from './outside.ts'
import type { Answered, Beginning, Occasion, Own, Subject, Visit, Witnessed } from './subject.ts'
import { STARTER } from './roles.ts'
import { typed } from './typed.ts'

/** Customers come within this time after they have started a saga, milliseconds. */
const VISITS_MS_MAX = 10_000
const CANCELS_DEFAULT = 0.25

/** Sagas of one plan. */
export interface Script<Input> {
  readonly plan: Plan<Input>
  /** What one of them starts with. `id` is its id. */
  readonly input: (what: { readonly id: string; readonly chance: Chance }) => NoInfer<Input>
  /** What customers do about it, beside cancelling. */
  readonly visits?: (what: Visiting<Input>) => readonly Visit[]
  /** The share of sagas that is cancelled at a random moment; a quarter unless given. */
  readonly cancels?: number
}

export interface Visiting<Input> {
  readonly id: string
  readonly input: Input
  readonly chance: Chance
  /**
   * Asks a service for one of its own requests (`host.execute`) at a random moment, again until it is answered. What
   * was answered is in `answers` under the request's name.
   */
  readonly asks: <S extends RequestSpec>(ref: RequestRef<S>, input: InputOf<S>) => Visit
}

/** A saga that has ended. */
export interface EndedSaga<Input> {
  readonly plan: string
  readonly id: string
  readonly input: Input
  readonly status: 'completed' | 'compensated'
  /** What its customers were answered, in order. */
  readonly answers: readonly Answered[]
}

/** What is left when everything has ended. */
export interface Left<Input> {
  readonly sagas: readonly EndedSaga<Input>[]
  /** The states of a service's rows. */
  readonly states: <State>(rows: Rows<State>) => readonly State[]
  /** The entries of a service, in the order they were appended. */
  readonly entries: <Entry>(entries: Entries<Entry>) => readonly Entry[]
  /** What was done outside, by the operation that asked for it. */
  readonly deeds: ReadonlyMap<string, Deed>
  /** Every message that was on the bus. */
  readonly messages: readonly Message[]
}

export interface SimulationOptions<Inputs extends readonly unknown[]> {
  readonly name: string
  /** Every service that the plans ask; a function where the service calls the outside. */
  readonly services: readonly (Implementation | Reaching)[]
  readonly sagas: { readonly [K in keyof Inputs]: Script<Inputs[K]> }
  /** What must be true in the end; each sentence says what is not. */
  readonly check: (left: Left<Inputs[number]>) => readonly string[]
}

/** A service whose effects call the outside. */
export interface Reaching {
  readonly participant: string
  readonly implementation: (outside: Outside, own: Own) => Implementation
}

/** A subject for `npm run sim -- FILE`: export it as `subject`. Errors: TypeError. */
export function simulation<const Inputs extends readonly unknown[]>(
  options: SimulationOptions<Inputs>,
): Subject {
  const { name, services } = options
  const scripts = typed<readonly Script<unknown>[]>(options.sagas)
  const participants = Object.fromEntries(
    services.map((service) => [
      service.participant,
      (outside: Outside, own: Own) =>
        'handlers' in service ? service : service.implementation(outside, own),
    ]),
  )
  const plans = scripts.map(({ plan }) => plan)
  refuseMissing(plans, participants)
  return {
    name,
    plans: () => plans,
    participants,
    begin: (occasion) => begin(scripts, occasion),
    check: (evidence, sagas) => options.check(leftOf<Inputs[number]>(evidence, sagas)),
  }
}

function refuseMissing(plans: readonly Plan[], participants: Subject['participants']): void {
  for (const { name, steps } of plans) {
    for (const { run, undo } of steps) {
      for (const planned of [run, ...(undo === null ? [] : [undo])]) {
        const { participant } = planned.ref
        if (participants[participant] === undefined)
          throw new TypeError(`the plan '${name}' asks '${participant}', which is not among the services`)
      }
    }
  }
}

function begin(scripts: readonly Script<unknown>[], { chance, number }: Occasion): Beginning {
  const script = scripts[chance.int(0, scripts.length - 1)]
  if (script === undefined) throw new TypeError('there are no sagas to simulate')
  const { plan, cancels = CANCELS_DEFAULT } = script
  const id = String(number)
  const input = script.input({ id, chance })
  const checked = check(plan.input, input)
  if (!checked.ok) throw new TypeError(`the input of '${plan.name}': ${checked.problems.join('; ')}`)
  const visits = script.visits?.({ id, input, chance, asks: asking(chance, `${plan.name}/${id}`) }) ?? []
  const pattern = chance.pick(PATTERNS_BOTH)
  const cancel: Visit = {
    afterMs: chance.skewed(0, VISITS_MS_MAX),
    service: STARTER,
    name: 'cancel',
    call: (host) => host.cancel({ plan: plan.name, id }, { reason: 'changed my mind', by: 'customer' }),
  }
  return { plan, id, pattern, input, visits: chance.hit(cancels) ? [...visits, cancel] : visits }
}

const [FIRST = 'orchestration', SECOND = 'choreography'] = PATTERNS
const PATTERNS_BOTH = [FIRST, SECOND] as const

function asking(chance: Chance, saga: string): Visiting<unknown>['asks'] {
  let count = 0
  return (ref, input) => {
    count += 1
    const operation = `${saga}/${ref.request}~${count}`
    return {
      afterMs: chance.int(0, VISITS_MS_MAX),
      service: ref.participant,
      name: ref.request,
      call: (host) => host.execute(ref, input, { operation }),
    }
  }
}

function leftOf<Input>(evidence: Evidence, sagas: readonly Witnessed[]): Left<Input> {
  return {
    sagas: sagas.flatMap(({ saga: { plan, id }, input, answers }) => {
      const status = endOf(evidence, { plan, id })
      return status === null ? [] : [{ plan, id, input: typed<Input>(input), status, answers }]
    }),
    states: (rows) => evidence.states(rows),
    entries: (entries) => evidence.entries(entries),
    deeds: evidence.deeds,
    messages: evidence.messages,
  }
}
