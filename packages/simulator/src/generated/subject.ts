// Owns: the made-up system as a subject: which sagas are started with which scripts, who pays and who cancels.
import { PATTERNS, rejected, succeeded, type Outcome, type Pattern, type Plan } from '@ensemble/core'
import type { Chance } from '../chance.ts'
import { keptIn, type Evidence } from '../evidence.ts'
import type { Beginning, Occasion, Subject, Visit, Witnessed } from '../subject.ts'
import { checkParts } from './check.ts'
import { contracts, type Part, type ParticipantName } from './contracts.ts'
import { drawShape, orderedOf, planOf, type PlanShape, type Script, type StepShape } from './plans.ts'
import { playerOf } from './players.ts'
import { settled } from './written.ts'

/** Plans of one run: few, so that sagas of one plan meet. */
const PLANS_MAX = 3
/** Keys that several sagas share. */
const HOT_KEYS = ['hot1', 'hot2'] as const

/** When messages that are read again are too old to be carried out, milliseconds; other runs are over by then. */
const OLD_MS = 4 * 3_600_000

const shapes = new WeakMap<Plan, PlanShape>()

export const generated: Subject = {
  name: 'generated',
  plans: (chance, deployment) =>
    Array.from({ length: chance.int(1, PLANS_MAX) }, (_, index) => {
      const shape = drawShape(chance, index + 1)
      const next: PlanShape = { ...drawShape(chance, index + 1), version: 2 }
      return chance.hit(0.25) ? [shape, next] : [shape]
    })
      .flat()
      .map((shape) => {
        const plan = planOf(shape, deployment)
        shapes.set(plan, shape)
        return plan
      }),
  participants: {
    a: (outside) => playerOf('a', outside),
    b: (outside) => playerOf('b', outside),
    c: (outside) => playerOf('c', outside),
  },
  begin: (what) => begin(what),
  check: checkParts((plan) => stepsOf(plan)),
  attend: (evidence, sagas) => attend(evidence, sagas),
}

function stepsOf(plan: Plan): readonly StepShape[] {
  return shapes.get(plan)?.steps ?? []
}

function begin({ chance, plans, number, now, isCrowded }: Occasion): Beginning {
  const plan = plans[chance.int(0, plans.length - 1)]
  if (plan === undefined) throw new Error('a run has at least one plan')
  const steps = stepsOf(plan)
  const id = `${number}`
  const key = isCrowded || chance.hit(0.3) ? chance.pick(HOT_KEYS) : id
  const script: Script = {
    key,
    saga: `${plan.name}/${id}`,
    parts: drawParts(chance, steps, { now, key, isCrowded }),
    throwsAt: chance.hit(0.05) ? (steps[chance.int(0, steps.length - 1)]?.name ?? null) : null,
  }
  const pattern: Pattern = chance.pick(PATTERNS_BOTH)
  return { plan, id, pattern, input: script, visits: visitsOf(chance, { plan, id, steps, script }) }
}

const [FIRST = 'orchestration', SECOND = 'choreography'] = PATTERNS
const PATTERNS_BOTH = [FIRST, SECOND] as const

/** At most one step refuses, as a rule: a saga that is refused early exercises little. */
function drawParts(
  chance: Chance,
  steps: readonly StepShape[],
  { now, key, isCrowded }: { now: number; key: string; isCrowded: boolean },
): Record<string, Part> {
  const refuses = chance.hit(0.4) ? steps[chance.int(0, steps.length - 1)]?.name : undefined
  const parts: Record<string, Part> = {}
  for (const { name, form, kind } of steps) {
    const claim = chance.hit(isCrowded ? 0.8 : 0.4) ? `claim${chance.int(1, isCrowded ? 2 : 3)}` : null
    parts[name] = {
      run: name !== refuses ? 'ok' : chance.hit(0.8) ? 'reject' : 'throw',
      troubleUntil: chance.hit(0.1) ? now + chance.skewed(100, 15_000) : 0,
      certainTroubleUntil: chance.hit(0.1) ? now + chance.int(5_000, 60_000) : 0,
      kills: drawKills(chance, form === 'make' && kind !== 'retriable'),
      killsFrom: chance.stream(name).hit(0.3) ? now + OLD_MS : null,
      killsAgainFrom: drawAgain(chance.stream(`${name} again`), { now, form }),
      breaks: chance.hit(0.3),
      withdraw: chance.hit(0.3) ? 'succeeded' : 'withdrawn',
      waitMs: chance.int(500, 20_000),
      manner: form === 'call' && chance.hit(0.5) ? 'refuse once' : null,
      claim: form === 'make' && kind !== 'retriable' ? claim : null,
      also: chance.hit(0.7) ? (key === HOT_KEYS[0] ? HOT_KEYS[1] : HOT_KEYS[0]) : null,
      namesClaim: chance.hit(0.5),
    }
  }
  return parts
}

function drawKills(chance: Chance, mayBeRefused: boolean): Part['kills'] {
  if (!chance.hit(0.2)) return 'never'
  return chance.hit(0.2) && mayBeRefused ? 'always' : 'for a while'
}

/** Soon after it was done, so that messages that come twice meet it. */
function drawAgain(
  chance: Chance,
  { now, form }: { readonly now: number; readonly form: StepShape['form'] },
): number | null {
  return (form === 'make' || form === 'look') && chance.hit(0.15) ? now + chance.skewed(100, 8_000) : null
}

interface Scripted {
  readonly plan: Plan
  readonly id: string
  readonly steps: readonly StepShape[]
  readonly script: Script
}

function visitsOf(chance: Chance, { plan, id, steps, script }: Scripted): readonly Visit[] {
  const visits: Visit[] = []
  for (const step of steps.filter(({ form, kind }) => isDeferred(form) && kind !== 'retriable')) {
    if (!chance.hit(0.7)) continue
    for (let round = 1; round <= 3; round += 1) {
      const afterMs = chance.int(0, 12_000)
      visits.push(
        step.form === 'wait'
          ? payment(step, script, { round, afterMs })
          : settlement(step, script, { afterMs, outcome: succeeded({ paid: true }) }),
      )
    }
  }
  const saga = { plan: plan.name, id }
  if (chance.hit(0.25)) {
    const cancel = { reason: 'changed my mind', by: 'customer' }
    visits.push({
      afterMs: chance.skewed(0, 10_000),
      service: 'desk',
      name: 'cancel',
      call: (host) => host.cancel(saga, cancel),
    })
  }
  // An operator who does not wait to see what is wrong.
  if (chance.hit(0.1)) {
    for (const again of [1, 2])
      visits.push({
        afterMs: chance.int(100, 10_000),
        service: 'desk',
        name: `repair ${again}`,
        call: (host) => host.repair(saga, again),
      })
  }
  return visits
}

function isDeferred(form: StepShape['form']): boolean {
  return form === 'wait' || form === 'hold'
}

function payment(
  step: StepShape,
  script: Script,
  { round, afterMs }: { round: number; afterMs: number },
): Visit {
  const ordered = orderedOf(step, script)
  const service: ParticipantName = step.participant
  const operation = `pay/${ordered.mark}/${round}`
  return {
    afterMs,
    service,
    name: 'pay',
    call: (host) => host.execute(contracts[service].pay, ordered, { operation }),
  }
}

function settlement(
  step: StepShape,
  script: Script,
  { afterMs, outcome }: { afterMs: number; outcome: Outcome },
): Visit {
  const input = orderedOf(step, script)
  const call: Visit['call'] = (host, database) => settled({ host, database }, { input, outcome })
  return { afterMs, service: step.participant, name: 'settle', call }
}

/** What is held until somebody settles it would be held for ever. */
function attend(evidence: Evidence, sagas: readonly Witnessed[]): readonly Visit[] {
  const open = new Set(
    evidence.rows('operations').flatMap((kept) => {
      const row = keptIn(kept) ?? {}
      return row['status'] === 'deferred' ? [String(row['id'])] : []
    }),
  )
  return sagas.flatMap(({ saga, plan, input }) =>
    stepsOf(plan)
      .filter(({ name, form }) => form === 'hold' && open.has(`${saga.plan}/${saga.id}/${name}/run`))
      .map((step) => {
        const script = input as Script
        const isPaid = (script.parts[step.name]?.waitMs ?? 0) % 2 === 0
        return settlement(step, script, {
          afterMs: 0,
          outcome: isPaid ? succeeded({ paid: true }) : rejected('no', {}),
        })
      }),
  )
}
