// Owns: one measured run of the engine: what is there before, a part that is not counted, the part that is, the
// judgement.
// I1: a caller's time ends when the public `ended` of the saga resolves.
// I2: nothing is reported of a run whose servers may lose what they acknowledge.
import { setTimeout as sleep } from 'node:timers/promises'
import { ACKS_ALL } from '../measure/durable-problems.ts'
import { refuseAcks } from '../measure/durable.ts'
import { costOf, reading, type Reading } from '../measure/cost.ts'
import { isDue, load, type Load, type Loaded } from '../measure/load.ts'
import { latenciesOf, rounded } from '../measure/statistics.ts'
import { batchesOf, type Tally } from '../measure/tally.ts'
import { growthOf, watch, type Sample } from '../measure/watch.ts'
import { waitingSagaIn, type OrderSaga } from '../order-saga/contracts.ts'
import { SERVICES } from '../order-saga/host.ts'
import { openSystem, type BenchSystem, type Ends } from '../order-saga/system.ts'
import { copySaga, modelOf, sagaId } from './copies.ts'
import { violations } from './judge.ts'
import type { EngineOptions } from './options.ts'

export type Say = (line: string) => void
type End = keyof Ends

const WITHIN = '60s'
const LOOK_MS = 20

/** The result as it is printed. */
export interface Result {
  readonly invariants: 'hold' | readonly string[]
  readonly [name: string]: unknown
}

export async function runEngine(options: EngineOptions, say: Say): Promise<Result> {
  const { pattern, bus, processes, concurrency, partitions, steps, fail } = options
  const system = await openSystem({ ...options, databaseUrl: options.databaseUrl, say })
  try {
    say(JSON.stringify(system.ground.durable))
    if (bus === 'memory') say('the bus is in memory: what it carries is not durable, the database is')
    const before = await prepared(system, options, say)
    const warm = await load(callers(system, options, { prefix: 'warm-', until: { seconds: options.warmUp } }))
    refuseAcks((await system.tally()).acks)
    const measured = await measure(system, options, say)
    refuseAcks(measured.after.tally.acks)
    const { latencies, ends, seconds } = measured.loaded
    const all = sumOf([warm.ends, before, ends])
    const ran = { steps, ends: all, history: options.history, waiting: options.waiting }
    const wrong = violations(await system.check(), ran)
    const sagas = latencies.count
    const { before: from, after: to } = measured
    return {
      pattern,
      bus,
      processes,
      concurrency,
      partitions,
      steps,
      fail,
      ...(options.valueBytes > 0 && { value_bytes: options.valueBytes }),
      ...(options.history > 0 && { history: options.history }),
      ...(options.waiting > 0 && { waiting: options.waiting }),
      seconds: rounded(seconds, 1),
      sagas,
      sagas_per_s: rounded(sagas / seconds, 1),
      ...latenciesOf(latencies),
      ...costOf(from.reading, to.reading, sagas),
      messages_per_saga: rounded((to.tally.messages - from.tally.messages) / Math.max(1, sagas), 2),
      batch_means: batchesOf(from.tally, to.tally),
      errors: to.tally.errors - from.tally.errors,
      ...ends,
      durable: {
        ...system.ground.durable,
        ...(bus === 'memory' && { bus: 'nothing' }),
        ...(bus === 'kafka' && { acks: to.tally.acks.map((one) => (one === ACKS_ALL ? 'all' : one)) }),
      },
      growth: growthOf(measured.samples),
      invariants: wrong.length === 0 ? 'hold' : wrong,
    }
  } finally {
    await system.stop()
  }
}

export interface Moment {
  readonly reading: Reading
  readonly tally: Tally
}

interface Measured {
  readonly loaded: Loaded<End>
  readonly before: Moment
  readonly after: Moment
  readonly samples: readonly Sample[]
}

async function measure(system: BenchSystem, options: EngineOptions, say: Say): Promise<Measured> {
  const { admin } = system.ground
  const before = await momentOf(system)
  let count = 0
  const stopWatching = watch({
    admin,
    say,
    look: async () => ({ ...(await system.tally()), count }),
  })
  const progress = ({ latencies, seconds }: Loaded<End>): void => {
    count = latencies.count
    process.stderr.write(
      `\r${seconds.toFixed(0)} s: ${count} ended, ${Math.round(count / seconds)} sagas/s   `,
    )
  }
  const loaded = await load({
    ...callers(system, options, { prefix: 'run-', until: options.until }),
    progress,
  })
  const after = await momentOf(system)
  process.stderr.write('\n')
  return { loaded, before, after, samples: await stopWatching() }
}

export async function momentOf(system: BenchSystem): Promise<Moment> {
  const tally = await system.tally()
  return { tally, reading: await reading(system.ground, tally.cpuMs) }
}

interface Batch extends Pick<Load<End>, 'until'> {
  /** Of the ids. */
  readonly prefix: string
}

function callers({ orders, plan }: BenchSystem, options: EngineOptions, { prefix, until }: Batch): Load<End> {
  const note = noteOf(options)
  return {
    concurrency: options.concurrency,
    until,
    one: async (n) => {
      const id = sagaId(prefix, n)
      await orders.start(plan, { id, input: { id, total: 100, note, refused: isDue(n, options.fail) } })
      const { status } = await orders.ended({ plan: plan.name, id }, { within: WITHIN })
      return status
    },
  }
}

function noteOf({ valueBytes }: EngineOptions): string {
  return 'n'.repeat(valueBytes)
}

/** One real saga of each kind is the model of its copies; returns how the models ended. */
export async function prepared(
  system: BenchSystem,
  options: EngineOptions,
  say: Say,
): Promise<Partial<Ends>> {
  const { orders, plan, ground } = system
  const { history, waiting } = options
  const inputOf = (id: string): OrderSaga => ({ id, total: 100, note: noteOf(options), refused: false })
  const [doneId, idleId] = [sagaId('done-', 0), sagaId('idle-', 0)]
  if (history > 0) {
    await orders.start(plan, { id: doneId, input: inputOf(doneId) })
    await orders.ended({ plan: plan.name, id: doneId }, { within: WITHIN })
  }
  if (waiting > 0) {
    await orders.start(waitingSagaIn(options.pattern), { id: idleId, input: inputOf(idleId) })
    while ((await system.check())['waiting'] === 0) await sleep(LOOK_MS)
  }
  // The model that waits is one of those that wait, the one that is done is one more.
  const done = await modelOf(ground.admin, doneId, SERVICES)
  const idle = await modelOf(ground.admin, idleId, SERVICES)
  await copySaga(ground.admin, done, { count: history, prefix: 'hist-', say })
  await copySaga(ground.admin, idle, { count: waiting - 1, prefix: 'wait-', say })
  return { completed: history > 0 ? 1 : 0 }
}

function sumOf(parts: readonly Partial<Ends>[]): Ends {
  const sum = (end: End): number => parts.reduce((total, part) => total + (part[end] ?? 0), 0)
  return { completed: sum('completed'), compensated: sum('compensated'), running: sum('running') }
}
