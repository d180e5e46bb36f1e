// Owns: one measured recovery: sagas are started while nobody handles them, then the system comes back and ends them.
// I1: the time counts from the start of the new processes until the last saga has ended, and has nobody's help: nothing
// but the processes' own reading of the log and the tables.
// I2: the processes before are killed with sagas in flight; what they held is part of the backlog.
import { setTimeout as sleep } from 'node:timers/promises'
import { costOf } from '../measure/cost.ts'
import { refuseAcks } from '../measure/durable.ts'
import { isDue, load } from '../measure/load.ts'
import { rounded } from '../measure/statistics.ts'
import { batchesOf } from '../measure/tally.ts'
import { openSystem, type BenchSystem } from '../order-saga/system.ts'
import { sagaId } from './copies.ts'
import { violations } from './judge.ts'
import type { EngineOptions } from './options.ts'
import { momentOf, type Result, type Say } from './run.ts'

const LOOK_MS = 100
const SAY_MS = 1_000
/** Then it is not slow, but stuck. */
const SECONDS_MAX = 3_600

export async function runRecovery(options: EngineOptions, say: Say): Promise<Result> {
  const { pattern, bus, partitions, steps, fail, valueBytes } = options
  const system = await openSystem({ ...options, databaseUrl: options.databaseUrl, say })
  try {
    say(JSON.stringify(system.ground.durable))
    const startsPerS = await pileUp(system, options, say)
    const { running: backlog } = await system.ends()
    say(`${backlog} sagas wait; the processes start`)
    const before = await momentOf(system)
    const began = performance.now()
    const secondsSince = (): number => (performance.now() - began) / 1_000
    await system.startOthers()
    const readySeconds = secondsSince()
    await emptied(system, secondsSince)
    const seconds = secondsSince()
    const after = await momentOf(system)
    refuseAcks(after.tally.acks)
    const ends = await system.ends()
    const wrong = violations(await system.check(), { steps, ends, history: 0, waiting: 0 })
    return {
      pattern,
      bus,
      partitions,
      steps,
      fail,
      ...(valueBytes > 0 && { value_bytes: valueBytes }),
      starts_per_s: rounded(startsPerS, 1),
      backlog,
      ready_s: rounded(readySeconds, 2),
      recovery_s: rounded(seconds, 2),
      sagas_per_s: rounded(backlog / seconds, 1),
      ...costOf(before.reading, after.reading, backlog),
      messages_per_saga: rounded((after.tally.messages - before.tally.messages) / backlog, 2),
      batch_means: batchesOf(before.tally, after.tally),
      errors: after.tally.errors - before.tally.errors,
      ...ends,
      durable: system.ground.durable,
      invariants: wrong.length === 0 ? 'hold' : wrong,
    }
  } finally {
    await system.stop()
  }
}

/** The first of them are under way when the payments are killed; answers how many are started in a second then. */
async function pileUp(system: BenchSystem, options: EngineOptions, say: Say): Promise<number> {
  const { concurrency, backlog } = options
  const inFlight = Math.min(concurrency, backlog)
  await load({ ...starters(system, options, 0), until: { count: inFlight } })
  await system.killOthers()
  say('the process of the payments is killed; that of the orders goes on starting sagas')
  const rest = backlog - inFlight
  if (rest === 0) return 0
  const { seconds } = await load({ ...starters(system, options, inFlight), until: { count: rest } })
  return rest / seconds
}

function starters(
  { orders, plan }: BenchSystem,
  { concurrency, valueBytes, fail }: EngineOptions,
  from: number,
) {
  const note = 'n'.repeat(valueBytes)
  return {
    concurrency,
    one: async (n: number): Promise<'started'> => {
      const id = sagaId('late-', from + n)
      await orders.start(plan, { id, input: { id, total: 100, note, refused: isDue(from + n, fail) } })
      return 'started'
    },
  }
}

async function emptied(system: BenchSystem, secondsSince: () => number): Promise<void> {
  let saidAt = 0
  for (;;) {
    const { running } = await system.ends()
    if (running === 0) break
    const seconds = secondsSince()
    if (seconds > SECONDS_MAX) throw new Error(`${running} sagas have not ended after ${seconds} s`)
    if (seconds * 1_000 - saidAt > SAY_MS) {
      saidAt = seconds * 1_000
      process.stderr.write(`\r${seconds.toFixed(0)} s: ${running} left   `)
    }
    await sleep(LOOK_MS)
  }
  process.stderr.write('\n')
}
