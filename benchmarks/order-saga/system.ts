// Owns: the measured system: its services, in this process or in processes of their own, and what is asked of them.
// The callers' own service, that of the orders, is always here.
import type { Pattern, Plan } from '@ensemble/core'
import { logAdmin, sqlFile } from '@ensemble/postgres'
import type { Host } from '@ensemble/runtime'
import { startTelling, together, type Tally } from '../measure/tally.ts'
import { startChild, type Child } from './child.ts'
import { orderSagaIn, type OrderSaga } from './contracts.ts'
import { openGround, type Ground, type Wanted } from './ground.ts'
import { openBus, openHost, openTogether, SERVICES, type Seat, type ServiceName } from './host.ts'

export interface SystemOptions extends Wanted {
  readonly pattern: Pattern
  readonly processes: 'one' | 'many'
  readonly steps: number
}

/** How sagas ended; `running` have not. */
export interface Ends {
  readonly completed: number
  readonly compensated: number
  readonly running: number
}

export interface BenchSystem {
  readonly orders: Host
  readonly plan: Plan<OrderSaga>
  readonly ground: Ground
  /** Of all processes, without the servers. */
  tally(): Promise<Tally>
  /** Counts of the business rows by state, and the sum of the ledger. */
  check(): Promise<Readonly<Record<string, number>>>
  /** Of sagas that were started, whether somebody waits for them or not. */
  ends(): Promise<Ends>
  /** Kills all processes but this one. */
  killOthers(): Promise<void>
  /** Starts them anew; resolves when they are ready. */
  startOthers(): Promise<void>
  stop(): Promise<void>
}

const CHECK = sqlFile(new URL('./sql/check.sql', import.meta.url))
const ENDS = sqlFile(new URL('./sql/ends.sql', import.meta.url))
/** As the reference system does it. */
const PRUNE_EVERY_MS = 5_000
const PRUNE_COUNT_MAX = 5_000
/** Nobody reads history here. The reference system keeps what nobody reads for an hour. */
const UNREAD_MS_MAX = 60_000

export async function openSystem(options: SystemOptions): Promise<BenchSystem> {
  const { pattern, processes, steps } = options
  await using stack = new AsyncDisposableStack()
  const ground = await openGround(options)
  stack.defer(() => ground.stop())
  const seatOf = (service: ServiceName): Seat => {
    const { url, schema } = ground.places[service]
    return { service, url, schema, bus: ground.bus, pattern, steps }
  }
  const teller = startTelling()
  const { bus, close } = openBus(ground.bus)
  stack.defer(close)
  const counted = teller.counted(bus)
  const others = SERVICES.filter((name) => name !== 'orders')
  let children: readonly Child[] = []
  const startOthers = async (): Promise<void> => {
    children = await Promise.all(others.map((name) => startChild(seatOf(name))))
  }
  if (processes === 'many') await startOthers()
  stack.defer(async () => void (await Promise.all(children.map((child) => child.stop()))))
  const here: readonly ServiceName[] = processes === 'one' ? [...others, 'orders'] : ['orders']
  const sessions = processes === 'one' ? await openTogether(ground.together) : undefined
  stack.defer(async () => await sessions?.close())
  let orders: Host | undefined
  for (const name of here) {
    const seated = await openHost(seatOf(name), counted, sessions)
    stack.defer(() => seated.stop())
    orders = seated.host
  }
  if (orders === undefined) throw new Error('nobody has orders')
  stack.defer(keepLogSmall(ground))
  const owned = stack.move()
  return {
    orders,
    plan: orderSagaIn(pattern, steps),
    ground,
    tally: async () =>
      together([teller.tally(), ...(await Promise.all(children.map((child) => child.tally())))]),
    check: async () => countsOf((await ground.admin.query(CHECK)).rows[0]),
    ends: async () => {
      const {
        completed = 0,
        compensated = 0,
        running = 0,
      } = countsOf((await ground.admin.query(ENDS)).rows[0])
      return { completed, compensated, running }
    },
    killOthers: async () => {
      await Promise.all(children.map((child) => child.kill()))
      children = []
    },
    startOthers,
    stop: () => owned.disposeAsync(),
  }
}

function countsOf(row: Readonly<Record<string, unknown>> = {}): Readonly<Record<string, number>> {
  return Object.fromEntries(Object.entries(row).map(([name, value]) => [name, Number(value)]))
}

/** What every group has read is deleted; returns how to end that. */
function keepLogSmall({ admin, bus }: Ground): () => Promise<void> {
  if (bus.kind !== 'postgres') return async () => undefined
  const log = logAdmin(admin)
  let pruning = Promise.resolve()
  const round = async (): Promise<void> => {
    const unreadBefore = Date.now() - UNREAD_MS_MAX
    while ((await log.prune({ countMax: PRUNE_COUNT_MAX, unreadBefore })) === PRUNE_COUNT_MAX);
  }
  const timer = setInterval(() => {
    pruning = pruning.then(round).catch((error: unknown) => {
      process.stderr.write(`the log was not pruned: ${String(error)}\n`)
    })
  }, PRUNE_EVERY_MS)
  return async () => {
    clearInterval(timer)
    await pruning
  }
}
