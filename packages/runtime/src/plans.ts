// Owns: the plans that a host knows, by name and version.
import type { Plan, PlanVersion } from '@ensemble/core'
import { EnsembleError } from './errors.ts'

export class PlanBook {
  readonly #plans = new Map<string, Plan>()
  readonly all: readonly Plan[]

  constructor(plans: readonly Plan[]) {
    this.all = plans
    for (const plan of plans) {
      const key = keyOf(plan.name, plan.version)
      if (this.#plans.has(key)) {
        throw new EnsembleError(
          'HOST_MISCONFIGURED',
          `plan '${plan.name}' version ${plan.version} is given twice`,
        )
      }
      this.#plans.set(key, plan)
    }
  }

  /** Whether some version of it is known. */
  has(name: string): boolean {
    return this.all.some((plan) => plan.name === name)
  }

  /** The plan on which a saga runs, null when it is not known here. */
  known(name: string, { version, fingerprint }: PlanVersion): Plan | null {
    const plan = this.#plans.get(keyOf(name, version))
    return plan?.fingerprint === fingerprint ? plan : null
  }

  /**
   * The plan on which a saga runs. Errors: PLAN_UNKNOWN; the message is then set aside for a newer instance.
   */
  find(name: string, { version, fingerprint }: PlanVersion): Plan {
    const plan = this.#plans.get(keyOf(name, version))
    if (plan === undefined)
      throw new EnsembleError('PLAN_UNKNOWN', `plan '${name}' version ${version} is not known here`)
    if (plan.fingerprint !== fingerprint) {
      throw new EnsembleError(
        'PLAN_UNKNOWN',
        `plan '${name}' version ${version} has other steps here than its saga started with`,
      )
    }
    return plan
  }
}

function keyOf(name: string, version: number): string {
  return `${name}@${version}`
}
