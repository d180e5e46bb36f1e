// Owns: one measured run of the whole system: customers who are registered before, a part that is not counted, the part
// that is, the judgement.
import { setTimeout as sleep } from 'node:timers/promises'
import { costOf, reading, type Reading } from '../measure/cost.ts'
import { load, type Loaded } from '../measure/load.ts'
import { cpuMsBelow } from '../measure/processor.ts'
import { latenciesOf, rounded } from '../measure/statistics.ts'
import { AMOUNT, openShop, type Shop } from './customer.ts'
import type { HttpOptions } from './options.ts'
import { startWholeSystem, type WholeSystem } from './system.ts'

export type Say = (line: string) => void

const USERS = 100
/** Of the sagas that still notify, and of history, when the last customer is gone. */
const QUIET_MS_MAX = 20_000
const QUIET_POLL_MS = 100

export interface HttpResult {
  readonly invariants: 'hold' | readonly string[]
  readonly [name: string]: unknown
}

export async function runHttp(options: HttpOptions, say: Say): Promise<HttpResult> {
  const system = await startWholeSystem(options.pattern, say)
  const shop = openShop(system.url, options)
  try {
    say(JSON.stringify(system.durable))
    const users = await registered(shop, say)
    const warm = await load(customers(shop, { options, users, prefix: 'warm', seconds: options.warmUp }))
    const before = await momentOf(system)
    const loaded = await load({
      ...customers(shop, { options, users, prefix: 'run', seconds: options.seconds }),
      progress,
    })
    const after = await momentOf(system)
    process.stderr.write('\n')
    const wrong = violations(await quiet(system), warm.latencies.count + loaded.latencies.count)
    const orders = loaded.latencies.count
    return {
      workload: 'http',
      pattern: options.pattern,
      concurrency: options.concurrency,
      look: options.look,
      seconds: rounded(loaded.seconds, 1),
      orders,
      orders_per_s: rounded(orders / loaded.seconds, 1),
      ...latenciesOf(loaded.latencies),
      ...costOf(before.reading, after.reading, orders),
      clients_cpu_ms_per_saga: rounded((after.clientCpuMs - before.clientCpuMs) / Math.max(1, orders), 3),
      durable: { postgres: system.durable },
      invariants: wrong.length === 0 ? 'hold' : wrong,
    }
  } finally {
    await shop.close()
    await system.stop()
  }
}

export async function registered(shop: Shop, say: Say): Promise<readonly string[]> {
  const { ends } = await load({ concurrency: 8, until: { count: USERS }, one: (n) => shop.register(n) })
  const users = Object.keys(ends)
  say(`${users.length} users are registered`)
  return users
}

interface Visit {
  readonly options: HttpOptions
  readonly users: readonly string[]
  readonly prefix: string
  readonly seconds: number
}

function customers(shop: Shop, { options, users, prefix, seconds }: Visit) {
  return {
    concurrency: options.concurrency,
    until: { seconds },
    one: async (n: number) => {
      const number = `${prefix}/${n}`
      const end = await shop.buy({ user: users[n % users.length] ?? '', number })
      if (end !== 'complete') throw new Error(`order ${number} was not taken`)
      return end
    },
  }
}

function progress({ latencies, seconds }: Loaded<string>): void {
  const { count } = latencies
  process.stderr.write(
    `\r${seconds.toFixed(0)} s: ${count} complete, ${Math.round(count / seconds)} orders/s   `,
  )
}

interface Moment {
  readonly reading: Reading
  readonly clientCpuMs: number
}

async function momentOf({ admin, pid, postgresPid }: WholeSystem): Promise<Moment> {
  const { user, system } = process.cpuUsage()
  const servers = { admin, postgresPid, kafkaPid: null }
  return {
    reading: await reading(servers, cpuMsBelow(pid) ?? Number.NaN),
    clientCpuMs: (user + system) / 1_000,
  }
}

/** What the tables say once no saga is under way and history knows of all, or at the end of the wait. */
export async function quiet(system: WholeSystem): Promise<Readonly<Record<string, number>>> {
  for (let waitedMs = 0; ; waitedMs += QUIET_POLL_MS) {
    const found = await system.check()
    const isQuiet = found['running'] === 0 && found['told'] === found['orders']
    if (isQuiet || waitedMs >= QUIET_MS_MAX) return found
    await sleep(QUIET_POLL_MS)
  }
}

/** Every order was paid exactly, and history knows how it ended. Pure. */
export function violations(found: Readonly<Record<string, number>>, orders: number): readonly string[] {
  const expected = {
    orders,
    complete: orders,
    told: orders,
    running: 0,
    money_in: orders * AMOUNT,
    money_out: 0,
  }
  const wrong = Object.entries(expected).filter(([name, value]) => found[name] !== value)
  return wrong.map(([name, value]) => `${name}: ${String(found[name])}, not ${value}`)
}
