// Owns: one chaos run: a cluster under load, faults, then healing, quiet, and the checkers.
// I1: the seed decides the orders and the order of the faults; when they come is the machine's.
// I2: whatever happens, nothing that was started here is left running; data stays only where something was wrong.
import { chmod, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { SERVICE_NAMES } from '@ensemble/all-in-one'
import {
  chanceOf,
  customers,
  now,
  openBooks,
  sleep,
  verdict,
  type Books,
  type Crowd,
  type Facts,
  type Load,
} from '@ensemble/all-in-one/audit'
import { startCluster, type Cluster } from '../cluster/cluster.ts'
import { readInstances, type BusName } from '../cluster/options.ts'
import { deliveries, type Deliveries } from './deliveries.ts'
import { movingCount, momentsOf } from './moments.ts'
import { kindsOf, torment, type Fault } from './nemesis.ts'
import { topicsVerdict } from './topics-verdict.ts'
import { openTopics, type Topics } from './topics.ts'
import { linesOf, tell } from './verdict.ts'
import { waitsOf } from './waits.ts'

export interface ChaosOptions {
  readonly bus: BusName
  readonly seed: number
  readonly minutes: number
  readonly say: (line: string) => void
  /** Hears what the processes say. */
  readonly sayMore?: (line: string) => void
  /** Ends the run early: everything that was started is ended, and it rejects. */
  readonly signal: AbortSignal
}

export interface ChaosReport {
  readonly lines: readonly string[]
  readonly violations: readonly string[]
}

const PROGRAM = fileURLToPath(new URL('./told-service.ts', import.meta.url))
/** Steady, and small enough for a machine with two cores that also recovers from something. */
const CROWD: Crowd = { customersCount: 12, ordersCountMax: 20_000, pauseMsMax: 1_000 }
/** Some customers never pay; those who pay have time to, whatever fails meanwhile. */
const DUE_IN = '30s'
const SESSION = '6s'
const SESSION_MS = 6_000
/** How long what a dead process held is left to it: a member's session, or a message in an outbox. */
const LEFT_MS: Readonly<Record<BusName, number>> = { kafka: SESSION_MS, postgres: 5_000 }
/** Longer than a member's session, or than a transaction may idle (SESSION_LIMITS). */
const FREEZE_MS: Readonly<Record<BusName, number>> = { kafka: 10_000, postgres: 18_000 }
const START_MS_MAX = 180_000
const WARM_UP_MS = 5_000
const QUIET_MS_MAX = 120_000
/** The last lines of the processes are told when something is wrong. */
const LINES_COUNT_MAX = 2_000

export async function chaosRun(options: ChaosOptions): Promise<ChaosReport> {
  const { bus, say, sayMore, signal } = options
  const directory = await mkdtemp(join(tmpdir(), 'ensemble-chaos-'))
  // Started by root the database server runs as somebody else, who must pass through.
  await chmod(directory, 0o711)
  const lines: string[] = []
  const told = deliveries()
  let isRight = false
  try {
    await using stack = new AsyncDisposableStack()
    const cluster = await startCluster({
      bus,
      instances: readInstances('2', SERVICE_NAMES),
      host: '127.0.0.1',
      port: 0,
      data: directory,
      env: { ...process.env, PAYMENT_DUE_IN: DUE_IN, KAFKA_SESSION_TIMEOUT: SESSION },
      program: PROGRAM,
      hear: told.hear,
      say: (line) => {
        const timed = `${new Date(now()).toISOString()} ${line}`
        sayMore?.(timed)
        lines.push(timed)
        lines.splice(0, lines.length - LINES_COUNT_MAX)
      },
    })
    stack.defer(() => cluster.stop())
    if (!(await cluster.untilReady(START_MS_MAX))) throw new Error('the cluster did not become ready')
    say(`${cluster.children.length} processes are ready`)
    const report = await Promise.race([runOn(cluster, { options, told, stack }), rejectedBy(signal)])
    isRight = report.violations.length === 0
    return report
  } catch (error) {
    isRight = error instanceof Stopped
    throw error
  } finally {
    if (isRight) await rm(directory, { recursive: true, force: true })
    else {
      for (const line of lines) say(line)
      say(`the data is kept in ${directory}`)
    }
  }
}

class Stopped extends Error {
  override readonly name = 'Stopped'
}

async function rejectedBy(signal: AbortSignal): Promise<never> {
  return await new Promise((_resolve, reject) => {
    const stop = (): void => reject(new Stopped('stopped before its end'))
    if (signal.aborted) stop()
    signal.addEventListener('abort', stop)
  })
}

interface Around {
  readonly options: ChaosOptions
  readonly told: Deliveries
  readonly stack: AsyncDisposableStack
}

async function runOn(cluster: Cluster, around: Around): Promise<ChaosReport> {
  const { options, told, stack } = around
  const { bus, seed, minutes, say } = options
  const { brokers, embedded } = cluster.ground
  const topics = brokers === undefined ? undefined : await openTopics(brokers)
  stack.defer(async () => await topics?.close())
  const books = await openBooks({
    urlOf: (name) => embedded?.url(`ensemble_${name}`) ?? '',
    ...(topics !== undefined && { behind: topics.behind }),
  })
  stack.defer(() => books.close())
  const load = customers(seed, { line: lineTo(cluster), crowd: CROWD })
  let faults: readonly Fault[]
  try {
    await sleep(WARM_UP_MS)
    faults = await torment({
      cluster,
      chance: chanceOf(seed, 'faults'),
      endsAt: now() + minutes * 60_000,
      freezeMs: FREEZE_MS[bus],
      moving: () => movingCount(books).catch(() => 0),
      againCount: told.againCount,
      say,
    })
  } finally {
    await load.stop()
  }
  say('healed; waiting until all is quiet')
  const missed = kindsOf(cluster).filter((kind) => !faults.some((fault) => fault.kind === kind))
  if (missed.length > 0) say(`too short for: ${missed.join(', ')}`)
  return await judge({ books, topics, load, faults, bus })
}

/** Customers know all gateways, and go to the next at each try. */
function lineTo({ urls }: Cluster): Parameters<typeof customers>[1]['line'] {
  let calls = 0
  return {
    url: () => {
      calls += 1
      return urls[calls % urls.length] ?? ''
    },
    onRetry: () => undefined,
  }
}

interface Judged {
  readonly books: Books
  readonly topics: Topics | undefined
  readonly load: Load
  readonly faults: readonly Fault[]
  readonly bus: BusName
}

async function judge({ books, topics, load, faults, bus }: Judged): Promise<ChaosReport> {
  const unfinished = await books.untilQuiet(QUIET_MS_MAX)
  const facts = { ...(await books.facts()), unfinished }
  const sent = (await topics?.read()) ?? []
  const onTopics = topics === undefined ? undefined : topicsVerdict(sent, facts.starts)
  const moments = await momentsOf(books)
  const delayMsMax = LEFT_MS[bus] + 1_000
  const told = tell({ faults, waits: waitsOf(moments), ends: moments.ends, delayMsMax })
  return {
    lines: [
      ...linesOf(told),
      `sagas: ${outcomesOf(facts)}`,
      ...(onTopics === undefined
        ? []
        : [`topics: ${sent.length} records, ${onTopics.twiceCount} of them sent twice`]),
    ],
    violations: [
      ...verdict(facts, load.receipts),
      ...(onTopics?.violations ?? []),
      ...told.violations,
      ...faults.filter(({ moving }) => moving === 0).map(({ kind }) => `idle: ${kind} met no moving saga`),
    ],
  }
}

function outcomesOf({ starts }: Facts): string {
  const counts = new Map<string, number>()
  for (const { pattern, status } of starts) {
    const what = `${String(pattern)} ${String(status)}`
    counts.set(what, (counts.get(what) ?? 0) + 1)
  }
  return [...counts]
    .map(([what, count]) => `${what} ${count}`)
    .sort()
    .join(', ')
}
