// Owns: a host that starts, orchestrates and takes part, a guest of its database where a scene wants one, a witness
// that observes them from elsewhere, and what each of their transactions puts on the bus.
import { TOPIC, type Message, type Pattern } from '@ensemble/core'
import { manualClock, memoryDatabase, seededIds, sharedMemoryBus } from '@ensemble/memory'
import {
  createHost,
  type Bus,
  type Clock,
  type Database,
  type Host,
  type Implementation,
  type Settings,
  type Stopwatch,
  type Transaction,
} from '@ensemble/runtime'
import { implementationOf, ledger, newScript, planOf, type Behaviour, type StepSpec } from './services.ts'
import { T0 } from './world.ts'

export interface Options {
  readonly script?: Readonly<Record<string, Behaviour>>
  readonly wrap?: (database: Database) => Database
  readonly more?: Partial<Implementation>
  readonly settings?: Partial<Settings>
  readonly steps?: readonly StepSpec[]
  /** Asked for the steps in turns; default the host. `b` takes part in the same database as a host of its own. */
  readonly on?: readonly ('a' | 'b')[]
  /** Who orchestrates; default the host. */
  readonly office?: 'a' | 'b'
  /** `b` has another database with the same home. */
  readonly isBeside?: boolean
  /** Of the row that a step is about; default the saga's. */
  readonly keyOf?: (step: string) => string
  /** The host's stopwatch; default the clock's. */
  readonly elapsed?: () => number
  /** Before the host begins. */
  readonly before?: (database: Database) => Promise<unknown>
}

/** Keeps what each transaction puts on the bus; the timer that looks after a saga comes whatever becomes of it. */
function kept(bus: Bus, sent: (readonly Message[])[]): Bus {
  const keep = (tx: Transaction, messages: readonly Message[]): readonly Message[] => {
    if (messages.some(({ type }) => type !== 'timer')) tx.onCommit(() => void sent.push(messages))
    return messages
  }
  return {
    connect: async (what) => {
      const link = await bus.connect(what)
      return {
        ...link,
        transaction: (work) =>
          link.transaction(async (tx) => {
            const done = await work(tx)
            keep(tx, done.messages)
            return done
          }),
        receive: (countMax, handle) =>
          link.receive(countMax, async (tx, batch) => keep(tx, await handle(tx, batch))),
      }
    },
  }
}

/**
 * Two databases with one home. Their tables are the same here, but for what counts first batches: two services that
 * read one topic would take each other for processes that were killed.
 */
function neighbours(database: Database): readonly [Database, Database] {
  const transaction: Database['transaction'] = (work) =>
    database.transaction((tx) => work(Object.assign(tx, { as: () => tx })))
  const progress = { count: async () => 1, clear: async () => undefined }
  const host = { ...database, home: database, transaction }
  return [host, { ...host, stores: { ...database.stores, progress } }]
}

function watched(clock: Clock & Stopwatch, elapsed = () => clock.elapsed()): Clock & Stopwatch {
  return { now: () => clock.now(), sleep: (ms, signal) => clock.sleep(ms, signal), elapsed }
}

const STEPS: readonly StepSpec[] = [
  { kind: 'compensatable' },
  { kind: 'compensatable' },
  { kind: 'retriable' },
]

export async function system({
  script = {},
  wrap = (database) => database,
  more = {},
  settings = {},
  steps = STEPS,
  on = ['a'],
  office = 'a',
  isBeside = false,
  keyOf,
  elapsed,
  before = async () => undefined,
}: Options = {}) {
  const plan = planOf('own', steps, { on, ...(keyOf !== undefined && { keyOf }) })
  const clock = manualClock(T0)
  const sent: (readonly Message[])[] = []
  const seen: Message[] = []
  const at = { clock, bus: kept(sharedMemoryBus({ partitions: 1 }), sent), ids: seededIds(1) }
  const database = memoryDatabase({ name: 'a', clock })
  const behaviour = newScript()
  await before(database)
  const front = wrap(database)
  const [own, beside] = isBeside ? neighbours(front) : [front, front]
  const shared = { ...at, clock: watched(clock, elapsed), settings, plans: [plan] }
  const host = await createHost({
    ...shared,
    service: 'a',
    database: own,
    implementation: { ...implementationOf('a', behaviour), ...more },
    starts: true,
    orchestrates: office === 'a',
  })
  const guest = { ...shared, service: 'b', database: beside, orchestrates: office === 'b' }
  const guests: readonly Host[] = on.includes('b')
    ? [await createHost({ ...guest, implementation: implementationOf('b', behaviour) })]
    : []
  const topics = [TOPIC.events('a'), TOPIC.ended]
  const record = async (_: unknown, messages: readonly Message[]): Promise<void> =>
    void seen.push(...messages)
  const observed = memoryDatabase({ name: 'witness', clock })
  const witness = await createHost({
    ...at,
    service: 'witness',
    database: observed,
    observer: { topics, record },
  })
  const run = async (id: string, pattern: Pattern): Promise<string> => {
    const started = host.start(plan, { id, input: { key: id }, pattern })
    const ended = started.then(() => host.ended({ plan: 'own', id }, { within: '1m' }))
    await clock.advance(70_000)
    return (await ended).status
  }
  // The first batch after a start is handled alone.
  await run('first', 'orchestration')
  if (marks(sent[1] ?? []).join() !== (office === 'a' ? 'event' : 'command'))
    throw new Error('the first batch was not alone')
  sent.length = 0
  seen.length = 0
  for (const [step, how] of Object.entries(script)) behaviour.steps.set(step, how)
  const done = async (): Promise<readonly string[]> => doneOf(await ledger.all(database))
  const stop = async (): Promise<void> => {
    const stopped = Promise.all([host, ...guests, witness].map((one) => one.stop()))
    await clock.advance(5_000)
    await stopped
  }
  return { at, clock, host, plan, database, behaviour, sent, seen, run, done, stop }
}

export const RUNS = ['own/x/s1/run', 'own/x/s2/run', 'own/x/s3/run']

/** Sorted: each service writes what it has done once, at the end of a transaction. */
function doneOf(entries: readonly { readonly operation: string }[]): readonly string[] {
  return entries
    .map(({ operation }) => operation)
    .filter((id) => id.startsWith('own/x/'))
    .sort()
}

/** Types of messages in their order, with who has handled them. */
export function marks(messages: readonly Message[]): readonly string[] {
  return messages.flatMap(({ type, handledBy }) =>
    type === 'history' ? [] : [handledBy === undefined ? type : `${type} ${handledBy}`],
  )
}
