// Owns: one overloaded run: what the system can serve, then for a while so many times the customers, then again those
// it can serve.
// I1: customers of the surge come by the clock, whether those before them were answered or not. Who is told to come
// back for his order goes; who has ordered pays, however often he is told to come back for that.
// I2: every order that was taken is complete in the end, and nothing else is.
import { setTimeout as sleep } from 'node:timers/promises'
import { load, type Loaded } from '../measure/load.ts'
import { Histogram, latenciesOf, rounded } from '../measure/statistics.ts'
import { rssBytesOf } from '../measure/processor.ts'
import { openShop, type Bought, type Shop } from './customer.ts'
import type { HttpOptions } from './options.ts'
import { quiet, registered, violations, type HttpResult, type Say } from './run.ts'
import { startWholeSystem, type WholeSystem } from './system.ts'

/** How often customers of the surge arrive, several at a time. */
const TICK_MS = 10
const LOOK_MS = 250
/** Customers of whom one must be served as fast. */
const LOOKS_MAX = 1_000
/** The system has recovered when a customer is served in so many times the usual time. */
const USUAL_TIMES = 2
/** Connections of all customers together; more wait at their own end. */
const CONNECTIONS_MAX = 4_096

export async function runSurge(options: HttpOptions, say: Say): Promise<HttpResult> {
  const system = await startWholeSystem(options.pattern, say)
  const shop = openShop(system.url, { ...options, concurrency: CONNECTIONS_MAX })
  try {
    say(JSON.stringify(system.durable))
    const users = await registered(shop, say)
    const come = visitsOf(shop, { options, users })
    await load(come('warm', options.warmUp))
    const before = await load(come('before', options.seconds))
    const capacity = before.latencies.count / before.seconds
    say(
      `${Math.round(capacity)} orders/s are served; ${options.surge} times as many come for ${options.seconds} s`,
    )
    const memory = watchMemory(system)
    const perSecond = capacity * options.surge
    const surge = await surged({ shop, users, perSecond, seconds: options.seconds, say })
    const usualMs = before.latencies.percentile(0.5)
    const recoveryS = await recovered(shop, { users, usualMs })
    const after = await load(come('after', options.seconds))
    const rss = memory()
    const found = await quiet(system)
    const wrong = violations(found, found['orders'] ?? 0)
    return {
      workload: 'http, surge',
      pattern: options.pattern,
      concurrency: options.concurrency,
      surge: options.surge,
      seconds: options.seconds,
      before: rateOf(before),
      offered_per_s: rounded(perSecond, 1),
      ...surge,
      recovery_s: rounded(recoveryS, 2),
      after: rateOf(after),
      rss_mb: rss,
      durable: { postgres: system.durable },
      invariants: wrong.length === 0 ? 'hold' : wrong,
    }
  } finally {
    await shop.close()
    await system.stop()
  }
}

function rateOf({ latencies, seconds }: Loaded<Bought>): Readonly<Record<string, number>> {
  return { orders_per_s: rounded(latencies.count / seconds, 1), ...latenciesOf(latencies) }
}

interface Visitors {
  readonly options: HttpOptions
  readonly users: readonly string[]
}

function visitsOf(shop: Shop, { options, users }: Visitors) {
  return (prefix: string, seconds: number) => ({
    concurrency: options.concurrency,
    until: { seconds },
    one: async (n: number) => {
      const number = `${prefix}/${n}`
      const end = await shop.buy({ user: users[n % users.length] ?? '', number })
      if (end !== 'complete') throw new Error(`order ${number} was not taken: give a lower --concurrency`)
      return end
    },
  })
}

interface Surge {
  readonly shop: Shop
  readonly users: readonly string[]
  readonly perSecond: number
  readonly seconds: number
  readonly say: Say
}

/** Resolves when the last customer of the surge was answered. */
async function surged({ shop, users, perSecond, seconds, say }: Surge) {
  const served = new Histogram()
  const refused = new Histogram()
  const began = performance.now()
  const secondsSince = (): number => (performance.now() - began) / 1_000
  const answers: Promise<unknown>[] = []
  let waitingMost = 0
  const visit = async (n: number): Promise<void> => {
    const from = performance.now()
    const end = await shop.buy({ user: users[n % users.length] ?? '', number: `surge/${n}` })
    const by = end === 'complete' ? served : refused
    by.record(performance.now() - from)
  }
  while (secondsSince() < seconds) {
    const due = Math.floor(secondsSince() * perSecond)
    // Heard when all have come, so that the system is stopped in order.
    while (answers.length < due) answers.push(visit(answers.length + 1).catch((error: unknown) => error))
    waitingMost = Math.max(waitingMost, answers.length - served.count - refused.count)
    await sleep(TICK_MS)
  }
  const servedInTime = served.count
  for (const failure of await Promise.all(answers)) if (failure instanceof Error) throw failure
  say(
    `${served.count} were served, ${refused.count} told to come back, at most ${waitingMost} waited at one time`,
  )
  return {
    served_per_s: rounded(servedInTime / seconds, 1),
    served: served.count,
    told_to_come_back: refused.count,
    waiting_most: waitingMost,
    drained_s: rounded(secondsSince() - seconds, 2),
    served_latency: latenciesOf(served),
    refusal_latency: latenciesOf(refused),
  }
}

/** Seconds until a customer is served about as fast as before. */
async function recovered(
  shop: Shop,
  { users, usualMs }: { readonly users: readonly string[]; readonly usualMs: number },
): Promise<number> {
  const began = performance.now()
  for (let n = 1; n <= LOOKS_MAX; n += 1) {
    const from = performance.now()
    const end = await shop.buy({ user: users[n % users.length] ?? '', number: `calm/${n}` })
    const took = performance.now() - from
    if (end === 'complete' && took <= USUAL_TIMES * usualMs) return (performance.now() - began) / 1_000
  }
  throw new Error(`after ${LOOKS_MAX} more customers nobody is served in ${USUAL_TIMES * usualMs} ms`)
}

/** Of the system's process; megabytes. */
function watchMemory({ pid }: WholeSystem): () => Readonly<Record<string, number>> {
  const looked = (): number => rounded((rssBytesOf(pid) ?? Number.NaN) / 1_048_576, 1)
  const before = looked()
  let most = before
  const timer = setInterval(() => {
    most = Math.max(most, looked())
  }, LOOK_MS)
  return () => {
    clearInterval(timer)
    return { before, most, after: looked() }
  }
}
