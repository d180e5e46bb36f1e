// Owns: that both patterns end alike: the same callers in each pattern, one saga after the other and without faults,
// leave the same rows, the same deeds outside and the same numbered history.
// I1: a caller who meets a timer may come before or after it, in either pattern. So a difference counts only when
// nothing that one pattern has left, over several orders of events, was ever left by the other.
import type { HistoryEntry, Pattern, SagaRef } from '@ensemble/core'
import { Callers } from './callers.ts'
import { Chance } from './chance.ts'
import { endOf } from './checks/sagas.ts'
import type { Evidence } from './evidence.ts'
import { Faults } from './faults.ts'
import { untilAtRest } from './rest.ts'
import { START } from './run.ts'
import { drawScenario } from './scenario.ts'
import { Schedule } from './schedule.ts'
import type { Beginning, Subject } from './subject.ts'
import { OBSERVER } from './roles.ts'
import { playedIn, System } from './system.ts'
import { Trace } from './trace.ts'

const TRIES_MAX = 6
/** What is only troubled for a while is over when the first saga begins. */
const CALM_MS = 60_000
/** By then a saga has come to where it waits, in either pattern, so that callers find it there. */
const SETTLED_MS = 1_500
/**
 * So much further apart callers, and whoever attends to what waits, come with the second try, and twice as far with
 * each after it: who met a timer, or another one, comes behind in both patterns, however late timers are looked for.
 */
const APART_MS = 200
/** How often it is looked for what is due in the first try; in later ones more often: no timer is always late. */
const POLL_MS = 1_000

export interface AlikeOptions {
  readonly seed: number
  readonly subject: Subject
  /** Numbers of the sagas that are started; null for all that are drawn. */
  readonly sagas?: ReadonlySet<number> | null
  readonly keepsTrace?: boolean
}

/** What a run has left, by what it is about, and how it went. */
interface Left {
  readonly rows: ReadonlyMap<string, string>
  readonly trace: Trace
}

export interface Compared {
  /** None where both patterns end alike. */
  readonly differences: readonly string[]
  /** Of the two runs that differ least: orchestrated, choreographed. */
  readonly traces: readonly [Trace, Trace] | null
}

/** Each sentence is a difference between the patterns. */
export async function alike(asked: AlikeOptions): Promise<readonly string[]> {
  return (await compared(asked)).differences
}

/** The difference, and the runs that it was seen in. */
export async function compared(asked: AlikeOptions): Promise<Compared> {
  const orchestrated: Left[] = []
  const choreographed: Left[] = []
  let least: Compared = { differences: [], traces: null }
  for (let attempt = 1; attempt <= TRIES_MAX; attempt += 1) {
    orchestrated.push(await left(asked, { pattern: 'orchestration', attempt }))
    choreographed.push(await left(asked, { pattern: 'choreography', attempt }))
    const all = orchestrated.flatMap((one) => choreographed.map((other) => difference(one, other)))
    const [first = least] = all.toSorted((a, b) => a.differences.length - b.differences.length)
    if (first.differences.length === 0) return { differences: [], traces: null }
    least = first
  }
  return least
}

function difference(one: Left, other: Left): Compared {
  return { differences: differencesOf(one.rows, other.rows), traces: [one.trace, other.trace] }
}

type Rows = Left['rows']

function differencesOf(orchestrated: Rows, choreographed: Rows): readonly string[] {
  return [...new Set([...orchestrated.keys(), ...choreographed.keys()])].flatMap((name) => {
    const [one = 'nothing', other = 'nothing'] = [orchestrated.get(name), choreographed.get(name)]
    return one === other ? [] : [`${name} ${differing(one, other)}`]
  })
}

const SHOWN_BEFORE = 60
const SHOWN = 200

function differing(one: string, other: string): string {
  const at = Array.from(one).findIndex((letter, index) => letter !== other[index])
  const begin = Math.max(0, (at < 0 ? one.length : at) - SHOWN_BEFORE)
  const excerpt = (text: string): string => `${begin > 0 ? '...' : ''}${text.slice(begin, begin + SHOWN)}`
  return `differs between the patterns: orchestrated ${excerpt(one)}, choreographed ${excerpt(other)}`
}

async function left(
  { seed, subject, sagas = null, keepsTrace = false }: AlikeOptions,
  { pattern, attempt }: { readonly pattern: Pattern; readonly attempt: number },
): Promise<Left> {
  const chance = new Chance(seed)
  const { shape, sagaCount } = drawScenario(chance.stream('scenario'))
  const schedule = new Schedule(START, chance.stream(`order ${attempt}`))
  const faults = new Faults(chance.stream('faults'), {})
  faults.heal()
  const trace = new Trace({
    now: () => schedule.now - START,
    keeps: keepsTrace,
    played: playedIn(subject, shape),
  })
  const tell = keepsTrace ? (who: string, what: string): void => trace.add(who, what) : () => undefined
  const parts = { schedule, faults, tell, saw: () => undefined, watch: trace.watch }
  const settings = { ...shape.settings, pollMs: POLL_MS, sweepMs: Math.ceil(POLL_MS / attempt) }
  const calm = { ...shape, latencyMsMax: attempt, settings }
  const system = new System({ ...parts, subject, shape: calm, chance: chance.stream('system') })
  system.deployment.isRepaired = true
  const { attend = () => [] } = subject
  const callers = new Callers({ ...parts, system, attend, chance: chance.stream('callers') })
  const workload = chance.stream('workload')
  system.start()
  const { plans } = system
  const begun = Array.from({ length: sagaCount }, (_, index) => {
    const number = index + 1
    return subject.begin({
      chance: workload.stream(String(number)),
      plans,
      number,
      now: schedule.now,
      isCrowded: false,
    })
  })
  await schedule.run(START + CALM_MS)
  const late: string[] = []
  for (const [index, one] of begun.entries()) {
    if (sagas?.has(index + 1) === false) continue
    const apartMs = (2 ** (attempt - 1) - 1) * APART_MS
    const visits = one.visits.map((visit, nth) => ({
      ...visit,
      afterMs: visit.afterMs + SETTLED_MS + apartMs * (nth + 1),
    }))
    callers.begin({ ...one, pattern, visits })
    await schedule.run(schedule.now + Math.max(apartMs, ...visits.map(({ afterMs }) => afterMs)))
    late.push(...(await untilAtRest({ schedule, system, callers, isLong: false })))
  }
  system.end()
  return { rows: leftOf(system.evidence(), begun, late), trace }
}

function leftOf(evidence: Evidence, begun: readonly Beginning[], late: readonly string[]): Rows {
  const left = new Map<string, string>(late.map((one) => [one, 'true']))
  for (const [name, rows] of evidence.business()) {
    if (!name.startsWith(`${OBSERVER} `))
      left.set(
        name,
        rows
          .map((row) => told(contentOf(row)))
          .toSorted()
          .join(' '),
      )
  }
  for (const [key, { done, undone }] of evidence.deeds) left.set(key, `${done} done, ${undone} undone`)
  for (const { plan, id } of begun) {
    const saga = { plan: plan.name, id }
    left.set(`${plan.name}/${id}`, `${endOf(evidence, saga)}, ${told(storyOf(evidence, saga))}`)
  }
  return left
}

function storyOf(evidence: Evidence, { plan, id }: Pick<SagaRef, 'plan' | 'id'>): readonly HistoryEntry[] {
  const bySeq = new Map(
    evidence.messages.flatMap((message) =>
      message.type === 'history' && message.saga.plan === plan && message.saga.id === id
        ? [[message.seq, message.entries] as const]
        : [],
    ),
  )
  return [...bySeq].toSorted(([a], [b]) => a - b).flatMap(([, entries]) => entries)
}

/** What a service has written: the number of an entry in its table differs from run to run. */
function contentOf(row: object): unknown {
  if ('entry' in row) return row.entry
  return 'state' in row ? row.state : row
}

/** Times differ from run to run, and so do names made of them. */
function told(value: unknown): string {
  return (JSON.stringify(value) ?? '')
    .replaceAll(/\b18\d{11}\b|\b\d{4}-\d\d-\d\dT[\d:.]+Z/g, 'a time')
    .replaceAll(/\b[\da-f]{8}-[\da-f]{4}-5[\da-f]{3}-[\da-f]{4}-[\da-f]{12}\b/g, 'a name')
}
