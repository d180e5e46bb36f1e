// Owns: one run: a system with its callers and its faults, then healed, then checked.
// I1: a run depends on its seed and its subject only: the same twice, event by event.
// I2: two phases. While there are faults nothing is judged but what may never happen; once all is healed every saga
// has to end and everything that waits has to drain.
import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import type { Plan, Time } from '@ensemble/core'
import { Callers } from './callers.ts'
import { Chance } from './chance.ts'
import { checkCancels } from './checks/cancels.ts'
import { checkHistory } from './checks/history.ts'
import { checkMessages } from './checks/messages.ts'
import { checkObserver } from './checks/observer.ts'
import { checkSagas } from './checks/sagas.ts'
import { checkTries } from './checks/tries.ts'
import { covered } from './coverage.ts'
import type { DatabaseServer } from './database/server.ts'
import type { Evidence } from './evidence.ts'
import { Faults, type FaultKind } from './faults.ts'
import { unleash } from './nemesis.ts'
import { untilAtRest } from './rest.ts'
import { drawScenario, type Scenario } from './scenario.ts'
import { Schedule } from './schedule.ts'
import type { Subject, Witnessed } from './subject.ts'
import { playedIn, System, type Shape } from './system.ts'
import { Trace, type Moment } from './trace.ts'

/** When every run begins. */
export const START: Time = 1_800_000_000_000

/** Sagas of a crowd come in two waves, each within this time: the second meets the rows of the first. Milliseconds. */
const CROWD_MS = 100
const WAVE_MS = 3_000

/** How long there are faults while everything is read again, milliseconds. */
const AGAIN_MS = 60_000

const PLAIN = { instances: 1, partitionCount: 1, observes: false, isOwn: false, takesPart: false } as const

export interface RunOptions {
  readonly seed: number
  readonly subject: Subject
  /** Names of the faults that may happen; null for all. */
  readonly allowed?: ReadonlySet<string> | null
  /** Numbers of the sagas that are started; null for all that are drawn. */
  readonly sagas?: ReadonlySet<number> | null
  /** Another order of events for the same callers in the same system; 0 for the seed's own. */
  readonly order?: number
  /** One instance of each service, one partition, no observer: easier to read. */
  readonly isPlain?: boolean
  /** Each service in a process of its own, also where services are drawn to be at home together. */
  readonly isApart?: boolean
  readonly keepsTrace?: boolean
}

export interface RunResult {
  readonly seed: number
  readonly scenario: Scenario
  readonly violations: readonly string[]
  readonly sagas: number
  /** The sagas as their callers know them. */
  readonly witnessed: readonly Witnessed[]
  readonly events: number
  readonly faults: ReadonlyMap<FaultKind, number>
  /** Names of the faults that happened, in order. */
  readonly faultsHappened: readonly string[]
  readonly coverage: ReadonlySet<string>
  /** Of every event's moment, then of everything that was told, in order. */
  readonly hash: string
  readonly trace: readonly string[]
  /** What the trace is made of, for drawings. */
  readonly moments: readonly Moment[]
  readonly evidence: Evidence
}

export async function run(options: RunOptions): Promise<RunResult> {
  const { seed, subject, allowed = null, order = 0, keepsTrace = false } = options
  const chance = new Chance(seed)
  const drawn = drawScenario(chance.stream('scenario'))
  const scenario = { ...drawn, shape: simpler(drawn.shape, options) }
  const schedule = new Schedule(START, chance.stream(`order ${order}`))
  const trace = new Trace({
    now: () => schedule.now - START,
    keeps: keepsTrace,
    played: playedIn(subject, scenario.shape),
  })
  const tell = (who: string, what: string): void => trace.add(who, what)
  const faults = new Faults(chance.stream('faults'), scenario.weights, { allowed, tell })
  const happened = new Set<string>()
  const parts = { schedule, faults, tell, saw: (what: string) => void happened.add(what), watch: trace.watch }
  const system = new System({ ...parts, subject, shape: scenario.shape, chance: chance.stream('system') })
  const { attend = () => [] } = subject
  const callers = new Callers({ ...parts, system, attend, chance: chance.stream('callers') })
  const errors = listen(tell)
  try {
    system.start()
    const nemesis = { schedule, faults, chance: chance.stream('nemesis') }
    unleash(system, nemesis)
    invite(callers, { options, scenario, schedule, plans: system.plans, workload: chance.stream('workload') })
    await schedule.run(START + scenario.troubleMs)
    heal(system, faults)
    const over = () => untilAtRest({ schedule, system, callers, isLong: scenario.longMs > 0 })
    const late = [...(await over())]
    if (scenario.longMs > 0 && late.length === 0) {
      await schedule.run(schedule.now + scenario.longMs)
      system.readAgain()
      faults.relapse()
      unleash(system, nemesis)
      await schedule.run(schedule.now + AGAIN_MS)
      heal(system, faults)
      late.push(...(await over()))
    }
    system.end()
    const evidence = system.evidence()
    return {
      seed,
      scenario,
      violations: [
        ...late,
        ...callers.unanswered,
        ...deadly(system),
        ...[...system.servers.values()].flatMap(({ mistakes }) => [...mistakes]),
        ...judged(evidence, callers.sagas),
        ...(scenario.shape.observes ? checkObserver(evidence) : []),
        ...(system.hasVersions ? [] : checkTries(evidence, scenario.shape.settings.retry?.attemptsMax ?? 0)),
        ...overslept(evidence, [...system.servers.values()], scenario.shape.settings.sweepMs ?? 0),
        ...subject.check(evidence, callers.sagas),
      ],
      sagas: callers.sagas.length,
      witnessed: callers.sagas,
      events: schedule.count,
      faults: faults.counts,
      faultsHappened: faults.happened,
      coverage: covered(evidence, { errors: errors.seen, happened }),
      hash: `${schedule.hash}${trace.hash}`,
      trace: trace.lines,
      moments: trace.moments,
      evidence,
    }
  } finally {
    errors.stop()
  }
}

function simpler(shape: Shape, { isPlain = false, isApart = false }: RunOptions): Shape {
  const isTogether = shape.isTogether && !isApart
  return isPlain ? { ...shape, ...PLAIN, isTogether } : { ...shape, isTogether }
}

/** A restart of all processes, and statements that are slow. */
const SLEEP_MS_MAX = 30_000

/** What kills its workers is put away before long; while a batch is searched for it, it kills some more. */
const DEATHS_MAX = 60

function deadly(system: System): readonly string[] {
  return [...system.world.deaths].flatMap(([mark, deaths]) =>
    deaths > DEATHS_MAX ? [`${mark} has brought ${deaths} processes down`] : [],
  )
}

/**
 * What is due is taken when a process looks, which it does twice in the time that is allowed here. What a jump of a
 * clock makes due is due since then.
 */
function overslept(
  evidence: Evidence,
  servers: readonly DatabaseServer[],
  sweepMs: number,
): readonly string[] {
  const dueUntil = Math.min(...servers.map((server) => server.earliestIn(2 * sweepMs + SLEEP_MS_MAX)))
  return evidence.rows('scheduled').flatMap((row) => {
    const dueAt = 'dueAt' in row ? Number(row.dueAt) : Number.NaN
    const isLate = !(dueAt > dueUntil)
    return isLate
      ? [
          `due at ${dueAt}, still there although it was ${dueUntil} long ago: ${JSON.stringify(row).slice(0, 200)}`,
        ]
      : []
  })
}

function judged(evidence: Evidence, sagas: readonly Witnessed[]): readonly string[] {
  return [
    ...checkSagas(evidence, sagas),
    ...checkHistory(evidence, sagas),
    ...checkCancels(evidence, sagas),
    ...checkMessages(evidence),
  ]
}

interface Invited {
  readonly options: RunOptions
  readonly scenario: Scenario
  readonly schedule: Schedule
  readonly plans: readonly Plan[]
  readonly workload: Chance
}

/** Lets each saga begin at its moment. */
function invite(callers: Callers, { options, scenario, schedule, plans, workload }: Invited): void {
  const { sagaCount, isCrowded, troubleMs } = scenario
  for (let number = 1; number <= sagaCount; number += 1) {
    const chance = workload.stream(String(number))
    const afterMs = isCrowded
      ? chance.int(0, CROWD_MS) + (number % 2) * WAVE_MS
      : chance.int(0, troubleMs * 0.7)
    if (options.sagas?.has(number) === false) continue
    const begin = (now: Time) => options.subject.begin({ chance, plans, number, now, isCrowded })
    schedule.after(afterMs, () => callers.begin(begin(schedule.now)))
  }
}

function heal(system: System, faults: Faults): void {
  faults.heal()
  system.deploy()
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
