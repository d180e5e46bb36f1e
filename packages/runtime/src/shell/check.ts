// Owns: the checks of a host's configuration at start: everything wrong is named at once.
import { movedStep, type Plan } from '@ensemble/core'
import { EnsembleError } from '../errors.ts'
import type { HostOptions } from '../host-api.ts'
import type { Database } from '../ports.ts'
import type { Settings } from './settings.ts'

export function misconfigurations(
  options: HostOptions,
  { operationRetentionMs }: Settings,
): readonly string[] {
  const { service, implementation, plans = [], orchestrates = false, starts = false } = options
  const problems: string[] = []
  if (!/^[a-z][a-z0-9-]{0,30}$/.test(service))
    problems.push(`service '${service}': use a-z, 0-9 and '-', at most 31 characters`)
  if (implementation !== undefined && implementation.participant !== service) {
    problems.push(
      `service '${service}' implements the contract of '${implementation.participant}'; the names must be equal`,
    )
  }
  if ((orchestrates || starts) && plans.length === 0)
    problems.push('plans: a host that starts or orchestrates sagas needs some')
  for (const { name, withinMs, steps } of plans) {
    const longest = Math.max(withinMs ?? 0, ...steps.map((step) => step.withinMs ?? 0))
    if (longest > operationRetentionMs)
      problems.push(`plan '${name}': a span of ${longest} ms is longer than operationRetentionMs`)
  }
  if (implementation === undefined) return problems
  problems.push(
    ...repeated(
      'timer',
      implementation.timers.map(({ name }) => name),
    ),
  )
  problems.push(
    ...repeated(
      'follower',
      implementation.follows.map(({ name, group }) => `${name} of ${group.name}`),
    ),
  )
  for (const plan of plans) {
    for (const step of plan.steps) {
      for (const planned of [step.run, step.undo]) {
        if (
          planned === null ||
          planned.ref.participant !== service ||
          implementation.handlers.has(planned.ref.request)
        )
          continue
        problems.push(
          `plan '${plan.name}' asks '${service}' for '${planned.ref.request}', which has no handler`,
        )
      }
    }
  }
  return problems
}

/** A timer or an event is one operation of one handler: a second one of the same name would never run. */
function repeated(what: string, names: readonly string[]): readonly string[] {
  const twice = names.filter((name, index) => names.indexOf(name) < index)
  return [...new Set(twice)].map((name) => `two handlers of the ${what} '${name}': only one would run`)
}

/** Refuses a plan that changed under an unchanged version, naming the step that moved. Errors: PLAN_CHANGED. */
export async function registerPlans(database: Database, plans: readonly Plan[]): Promise<void> {
  if (plans.length === 0) return
  const current = plans.map(({ name, version, outline }) => ({ name, version, outline }))
  const stored = await database.transaction((tx) => database.stores.registry.plans(tx, current))
  const problems = stored.flatMap(({ name, version, outline }) => {
    const plan = plans.find((candidate) => candidate.name === name && candidate.version === version)
    const moved = plan === undefined ? null : movedStep(outline, plan.outline)
    return moved === null
      ? []
      : [
          `'${name}' version ${version}: was '${moved.was}', is '${moved.is}'; give the changed plan a new version`,
        ]
  })
  if (problems.length > 0)
    throw new EnsembleError('PLAN_CHANGED', 'a plan changed under its version', problems)
}
