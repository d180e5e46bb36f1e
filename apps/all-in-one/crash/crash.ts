// Owns: one crash run: load, kills at random moments, a fresh start after each, and in the end the verdict.
// I1: the seed decides the order of the kills and how long each lets the system run; when that is, is the machine's.
// I2: whatever happens, nothing that was started here is left running.
import { chmod, mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { openBooks, type Books, type Facts } from '../audit/books.ts'
import { chanceOf } from '../audit/chance.ts'
import { now, poll, sleep } from '../audit/clock.ts'
import { customers, type Crowd } from '../audit/customers.ts'
import { verdict } from '../audit/verdict.ts'
import { instanceOf, type Instance } from './instance.ts'
import { killPostmaster, postmasterOf } from './postmaster.ts'

export interface CrashOptions {
  readonly seed: number
  readonly isSeparate: boolean
  /** SIGKILLs of the process, of the database server under it, and of both at once, which counts as both. */
  readonly kills: Readonly<Record<Victim, number>>
}

type Victim = 'process' | 'server' | 'both'

export interface CrashReport {
  readonly line: string
  /** SIGKILLs that were sent. */
  readonly kills: { readonly process: number; readonly server: number }
  /** How often an outbox was seen to hold something while sagas ran. */
  readonly outboxSeen: number
  readonly sagas: { readonly completed: number; readonly compensated: number }
  readonly patterns: readonly string[]
  /** Empty when all is well. */
  readonly violations: readonly string[]
}

/** Some customers never pay: their orders have to fail within the run. */
const DUE_IN = '5s'
const CROWD: Crowd = { customersCount: 32, ordersCountMax: 1_500, pauseMsMax: 60 }
const WARM_UP_MS = 500
const RUN_MS_MIN = 300
const RUN_MS_MAX = 2_500
/** Of four kills of the process one comes while it is still starting. */
const EARLY_ONE_IN = 4
const EARLY_MS_MAX = 1_200
const RECOVERY_MS_MAX = 30_000
/** A process that ends by itself is started again, to see how it goes on, but not for ever. */
const OWN_ENDS_MAX = 5
const QUIET_MS_MAX = 30_000
const POLL_MS = 25
const WATCH_MS = 50
/** A server that starts has better things to do than to refuse us. */
const WATCH_DOWN_MS = 500

export async function crashRun(options: CrashOptions): Promise<CrashReport> {
  const { isSeparate } = options
  const directory = await mkdtemp(join(tmpdir(), 'ensemble-crash-'))
  // Started by root the database server runs as somebody else, who must pass through.
  await chmod(directory, 0o711)
  const instance = instanceOf({ directory, isSeparate, dueIn: DUE_IN })
  try {
    return await runIn(directory, instance, options)
  } finally {
    await instance.stop()
    await rm(directory, { recursive: true, force: true })
  }
}

async function runIn(directory: string, instance: Instance, options: CrashOptions): Promise<CrashReport> {
  const { seed, isSeparate } = options
  await instance.start().ready
  await untilReady(instance)
  const books = await booksOf(directory, isSeparate)
  try {
    let retries = 0
    const line = { url: () => instance.url, onRetry: () => (retries += 1) }
    const load = customers(seed, { line, crowd: CROWD })
    const watch = watchOutbox(books)
    let outboxSeen = 0
    let killed: Killed
    try {
      await sleep(WARM_UP_MS)
      killed = await killAll(directory, instance, options)
    } finally {
      await load.stop()
      outboxSeen = await watch.stop()
    }
    const unfinished = await books.untilQuiet(QUIET_MS_MAX)
    const facts = { ...(await books.facts()), unfinished }
    const violations = [...instance.ownEnds, ...verdict(facts, load.receipts)]
    const sagas = countsOf(facts)
    const told = lineOf({ options, ...killed, sagas, retries, outboxSeen, violations })
    const patterns = [...new Set(facts.starts.map(({ pattern }) => String(pattern)))].sort()
    return { line: told, kills: killed.kills, outboxSeen, sagas, patterns, violations }
  } finally {
    await books.close()
  }
}

/** As the superuser of the server in a data folder. */
async function booksOf(directory: string, isSeparate: boolean): Promise<Books> {
  const [password, port] = await Promise.all(
    ['password', 'port'].map(async (name) => (await readFile(join(directory, name), 'utf8')).trim()),
  )
  const server = `postgres://postgres:${encodeURIComponent(password ?? '')}@127.0.0.1:${port}`
  return await openBooks({
    urlOf: (name) => `${server}/${isSeparate ? `ensemble_${name}` : 'ensemble'}`,
  })
}

interface Killed {
  readonly kills: CrashReport['kills']
  /** Milliseconds from each kill until the system said again that all is well. */
  readonly recoveries: readonly number[]
}

async function killAll(
  directory: string,
  instance: Instance,
  { seed, kills }: CrashOptions,
): Promise<Killed> {
  const chance = chanceOf(seed, 'kills')
  const victims: readonly Victim[] = ['process', 'server', 'both']
  const order = chance.shuffled(victims.flatMap((victim) => Array<Victim>(kills[victim]).fill(victim)))
  const recoveries: number[] = []
  for (const [index, victim] of order.entries()) {
    await sleep(chance.int(RUN_MS_MIN, RUN_MS_MAX))
    const at = now()
    await kill(directory, instance, victim)
    if (order[index + 1] === 'process' && chance.int(1, EARLY_ONE_IN) === 1) {
      await sleep(chance.int(0, EARLY_MS_MAX))
      continue
    }
    await untilReady(instance)
    recoveries.push(now() - at)
  }
  const of = (wanted: Victim): number => order.filter((victim) => victim === wanted).length
  const both = of('both')
  return { kills: { process: of('process') + both, server: of('server') + both }, recoveries }
}

async function kill(directory: string, instance: Instance, victim: Victim): Promise<void> {
  const pid = victim === 'process' ? undefined : await killPostmaster(directory)
  if (victim !== 'process' && pid === undefined) throw new Error('there is no database server to kill')
  if (victim !== 'server') {
    await instance.kill()
    instance.start()
    return
  }
  // The system is to see for itself that its database server is gone, and to bring it back.
  const isNew = async (): Promise<true | undefined> => {
    const found = await postmasterOf(directory)
    return found !== undefined && found.pid !== pid && found.isReady ? true : undefined
  }
  if ((await poll(isNew, { withinMs: RECOVERY_MS_MAX, everyMs: POLL_MS })) === undefined)
    throw new Error(`no database server after ${RECOVERY_MS_MAX} ms:\n${instance.lines.join('\n')}`)
}

/** Starts it again where it ended by itself, which the report will say. */
async function untilReady(instance: Instance): Promise<void> {
  const isReady = await poll(
    async () => {
      if (instance.hasEnded() && instance.ownEnds.length <= OWN_ENDS_MAX) instance.start()
      return (await instance.isReady()) ? true : undefined
    },
    { withinMs: RECOVERY_MS_MAX, everyMs: POLL_MS },
  )
  if (isReady === undefined)
    throw new Error(`not ready after ${RECOVERY_MS_MAX} ms:\n${instance.lines.join('\n')}`)
}

interface Watch {
  /** Answers how often it saw something. */
  stop(): Promise<number>
}

function watchOutbox(books: Books): Watch {
  let isOver = false
  let seen = 0
  const watching = (async () => {
    while (!isOver) {
      const count = await books.outboxCount().catch(() => undefined)
      if (count !== undefined && count > 0) seen += 1
      await sleep(count === undefined ? WATCH_DOWN_MS : WATCH_MS)
    }
  })()
  return {
    stop: async () => {
      isOver = true
      await watching
      return seen
    },
  }
}

function countsOf({ starts }: Facts): CrashReport['sagas'] {
  const of = (wanted: string): number => starts.filter(({ status }) => status === wanted).length
  return { completed: of('completed'), compensated: of('compensated') }
}

interface Told extends Omit<CrashReport, 'line' | 'patterns'> {
  readonly options: CrashOptions
  readonly recoveries: readonly number[]
  readonly retries: number
}

function lineOf(told: Told): string {
  const { options, kills, recoveries, sagas, retries, outboxSeen, violations } = told
  const sorted = [...recoveries].sort((a, b) => a - b)
  const median = sorted[Math.floor(sorted.length / 2)] ?? 0
  return [
    `crash ${options.isSeparate ? 'separate databases' : 'one database'} (CRASH_SEED=${options.seed}):`,
    `${kills.process} kills of the process, ${kills.server} of the database server;`,
    `${sagas.completed} sagas completed, ${sagas.compensated} compensated;`,
    `requests repeated ${retries}, outbox seen filled ${outboxSeen};`,
    `recovery ms median ${median}, most ${sorted.at(-1) ?? 0};`,
    `violations ${violations.length}`,
  ].join(' ')
}
