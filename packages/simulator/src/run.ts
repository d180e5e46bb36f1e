// Owns: one run: a system with its callers and its faults, then healed, then checked.
// I1: a run depends on its seed and its subject only: the same twice, event by event.
// I2: two phases. While there are faults nothing is judged but what may never happen; once all is healed every saga
// has to end and everything that waits has to drain.
import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import type { Time } from '@ensemble/core'
import { Callers } from './callers.ts'
import { Chance } from './chance.ts'
import { checkCancels } from './checks/cancels.ts'
import { checkHistory } from './checks/history.ts'
import { checkMessages } from './checks/messages.ts'
import { checkSagas, isUnderWay } from './checks/sagas.ts'
import { covered } from './coverage.ts'
import type { Evidence } from './evidence.ts'
import { Faults, type FaultKind } from './faults.ts'
import { unleash } from './nemesis.ts'
import { drawScenario, type Scenario } from './scenario.ts'
import { Schedule } from './schedule.ts'
import type { Subject, Witnessed } from './subject.ts'
import { System } from './system.ts'
import { Trace } from './trace.ts'

const START: Time = 1_800_000_000_000

/** Virtual time that a healed system has to end everything, milliseconds; and where it looks at its work rarely. */
const HEALED_MS_MAX = 15 * 60_000
const HEALED_LONG_MS_MAX = 60 * 60_000
/** Sagas of a crowd come in two waves, each within this time: the second meets the rows of the first. Milliseconds. */
const CROWD_MS = 100
const WAVE_MS = 3_000
/** How often it is looked whether all is over, and how long it must stay so: what was read may still be in hand. */
const LOOK_MS = 1_000
const CALM_MS = 3_000
const OPERATE_MS = 60_000

export interface RunOptions {
  readonly seed: number
  readonly subject: Subject
  /** Numbers of the faults that may happen; null for all. */
  readonly allowed?: ReadonlySet<number> | null
  /** How many of the drawn sagas are started; null for all. */
  readonly sagas?: number | null
  readonly keepsTrace?: boolean
}

export interface RunResult {
  readonly seed: number
  readonly scenario: Scenario
  readonly violations: readonly string[]
  readonly sagas: number
  readonly events: number
  readonly faults: ReadonlyMap<FaultKind, number>
  readonly faultsDrawn: number
  readonly coverage: ReadonlySet<string>
  /** Of everything that happened, in order. */
  readonly hash: string
  readonly trace: readonly string[]
  readonly evidence: Evidence
}

export async function run(options: RunOptions): Promise<RunResult> {
  const { seed, subject, allowed = null, keepsTrace = false } = options
  const chance = new Chance(seed)
  const scenario = drawScenario(chance.stream('scenario'))
  const schedule = new Schedule(START, chance.stream('order'))
  const faults = new Faults(chance.stream('faults'), scenario.weights, allowed)
  const trace = new Trace({ now: () => schedule.now - START, keeps: keepsTrace })
  const tell = (who: string, what: string): void => trace.add(who, what)
  const happened = new Set<string>()
  const parts = { schedule, faults, tell, saw: (what: string) => void happened.add(what) }
  const system = new System({ ...parts, subject, shape: scenario.shape, chance: chance.stream('system') })
  const { attend = () => [] } = subject
  const callers = new Callers({ ...parts, system, attend, chance: chance.stream('callers') })
  const errors = listen(tell)
  try {
    system.start()
    unleash(system, { schedule, faults, chance: chance.stream('nemesis') })
    const workload = chance.stream('workload')
    for (let number = 1; number <= scenario.sagaCount; number += 1) {
      const own = workload.stream(String(number))
      const afterMs = scenario.isCrowded
        ? own.int(0, CROWD_MS) + (number % 2) * WAVE_MS
        : own.int(0, scenario.troubleMs * 0.7)
      if (number > (options.sagas ?? scenario.sagaCount)) continue
      schedule.after(afterMs, () =>
        callers.begin(
          subject.begin({
            chance: own,
            plans: system.plans,
            number,
            now: schedule.now,
            isCrowded: scenario.isCrowded,
          }),
        ),
      )
    }
    await schedule.run(START + scenario.troubleMs)
    heal(system, faults)
    const healedMsMax = scenario.longMs > 0 ? HEALED_LONG_MS_MAX : HEALED_MS_MAX
    const over = () => untilOver(schedule, { system, callers, healedMsMax })
    const late = [...(await over())]
    if (scenario.longMs > 0 && late.length === 0) {
      await schedule.run(schedule.now + scenario.longMs)
      system.readAgain()
      late.push(...(await over()))
    }
    system.end()
    const evidence = system.evidence()
    return {
      seed,
      scenario,
      violations: [...late, ...judged(evidence, callers.sagas), ...subject.check(evidence, callers.sagas)],
      sagas: callers.sagas.length,
      events: schedule.count,
      faults: faults.counts,
      faultsDrawn: faults.drawn,
      coverage: covered(evidence, { errors: errors.seen, happened }),
      hash: trace.hash,
      trace: trace.lines,
      evidence,
    }
  } finally {
    errors.stop()
  }
}

function judged(evidence: Evidence, sagas: readonly Witnessed[]): readonly string[] {
  return [
    ...checkSagas(evidence, sagas),
    ...checkHistory(evidence, sagas),
    ...checkCancels(evidence, sagas),
    ...checkMessages(evidence),
  ]
}

function heal(system: System, faults: Faults): void {
  faults.heal()
  system.deploy()
  for (const process of system.processes()) process.goOn()
}

/** Lets a healed system end; what is not over in time is named. */
async function untilOver(
  schedule: Schedule,
  { system, callers, healedMsMax }: { system: System; callers: Callers; healedMsMax: number },
): Promise<readonly string[]> {
  const end = schedule.now + healedMsMax
  let operateAt = schedule.now + OPERATE_MS
  let round = 0
  while (schedule.now < end) {
    await schedule.run(schedule.now + LOOK_MS)
    if (isQuiet(system, callers)) {
      await schedule.run(schedule.now + CALM_MS)
      if (isQuiet(system, callers)) return []
    }
    if (schedule.now < operateAt) continue
    round += 1
    operateAt = schedule.now + OPERATE_MS
    callers.operate(system.evidence(), round)
  }
  return ['it did not come to rest although everything was healed']
}

function isQuiet(system: System, callers: Callers): boolean {
  if (!callers.areAnswered || system.lag() > 0) return false
  const evidence = system.evidence()
  return !isUnderWay(evidence) && checkSagas(evidence, callers.sagas).length === 0
}

interface Errors {
  readonly seen: ReadonlySet<string>
  readonly stop: () => void
}

/** What the engine tells about its troubles. */
function listen(tell: (who: string, what: string) => void): Errors {
  const seen = new Set<string>()
  const hear = (told: unknown): void => {
    const { service, detail, error } = told as { service: string; detail?: string; error?: unknown }
    const code = error instanceof Error && 'code' in error ? String(error.code) : String(error)
    seen.add(`${detail ?? ''} ${code}`)
    tell(service, `error ${detail ?? ''}: ${code}: ${error instanceof Error ? error.message : ''}`)
  }
  subscribe('ensemble:error', hear)
  return { seen, stop: () => void unsubscribe('ensemble:error', hear) }
}
