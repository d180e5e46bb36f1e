// Owns: one process's worth of the system: a host for each service on fronted ports. Does not own what it is asked to
// do (customer.ts).
import { TOPIC, type Message } from '@ensemble/core'
import {
  engineDatabase,
  openDatabase,
  openSessions,
  postgresTransport,
  sharedBus,
  type EngineDatabase,
} from '@ensemble/postgres'
import { createHost, outboxed, systemClock, systemIds, type Bus, type Host } from '@ensemble/runtime'
import type { HostOptions, Settings } from '@ensemble/runtime'
import { frontedBus, frontedDatabase, frontedLogDatabase, frontedTransport } from '../tripwire/fronts.ts'
import type { Probe } from '../tripwire/probe.ts'
import { plans } from './contracts.ts'
import { observerWith } from './history.ts'
import type { Places, ServiceName } from './layout.ts'
import { stockService } from './stock.ts'
import { tillService } from './till.ts'
import { worldIn } from './world.ts'

/**
 * Retries and looks for due work soon, so that a run is short. An orchestrator that asks again would heal what a crash
 * had lost: it is patient for longer than any run. With this retention everything is young enough to be executed, and
 * old enough for the horizon to be asked first, what was issued in the same moment, too.
 */
const SETTINGS: Partial<Settings> = {
  retry: { delayMsMin: 50, delayMsMax: 500, attemptsMax: 6 },
  sweepMs: 100,
  overdueAfterMs: 600_000,
  operationRetentionMs: 7_100_000,
}

const POOL_SIZE_MAX = 4
const SESSIONS_MAX = 16

export interface System {
  /** Starts sagas. */
  readonly desk: Host
  readonly stock: Host
  readonly till: Host
  /** Of the services, as hosts have them. */
  readonly databases: Readonly<Record<'desk' | 'stock', EngineDatabase>>
  /** Puts something on the bus that nobody can read. */
  sendGarbage(id: string): Promise<void>
}

export async function openSystem(places: Places, probe: Probe): Promise<System> {
  const { pattern, layout } = places
  const isOrchestrated = pattern === 'orchestration'
  // It starts, orchestrates and takes part; in the other layout three services do.
  const isDesk = isOrchestrated && layout === 'one'
  const { url } = places
  // In the other layout everything goes over the bus.
  const sessions =
    layout === 'one'
      ? ((await openSessions({ name: 'together', url, sizeMax: SESSIONS_MAX })) ?? undefined)
      : undefined
  const open = async (name: ServiceName): Promise<EngineDatabase> => {
    const sizeMax = POOL_SIZE_MAX
    const real = await openDatabase({ name, url, schema: name, sizeMax, sessions })
    await forgetKill(engineDatabase(real))
    return frontedDatabase(probe, real)
  }
  const world = worldIn(
    await openDatabase({ name: 'world', url, schema: 'world', sizeMax: POOL_SIZE_MAX }),
    probe,
  )
  const bus = frontedBus(probe, await busOf(places, probe))
  const host = async (service: ServiceName, more: Partial<HostOptions>, database?: EngineDatabase) =>
    await createHost({
      service,
      database: database ?? (await open(service)),
      bus,
      pattern,
      settings: SETTINGS,
      plans: Object.values(plans),
      ...more,
    })
  const ofStock = await open('stock')
  const databases = { stock: ofStock, desk: isDesk ? ofStock : await open('desk') }
  const stock = await host(
    'stock',
    { implementation: stockService(probe, world), starts: isDesk, orchestrates: isDesk },
    databases.stock,
  )
  const till = await host('till', { implementation: tillService(probe, world) })
  await host('history', { observer: observerWith(probe), plans: [] })
  if (isOrchestrated && !isDesk) await host('orchestrator', { orchestrates: true })
  const desk = isDesk ? stock : await host('desk', { starts: true }, databases.desk)
  const stranger = await bus.connect({ service: 'stranger', database: databases.desk, topics: [] })
  return {
    desk,
    stock,
    till,
    databases,
    sendGarbage: async (id) => {
      await probe.scoped(() => databases.desk.transaction((tx) => stranger.put(tx, [garbage(id)])), 'garbage')
    },
  }
}

/** After a kill a process does nothing at home with starts and calls for ten minutes: longer than any run. */
async function forgetKill(database: EngineDatabase): Promise<void> {
  const at = { topic: '!lives', partition: 0 }
  await database.transaction((tx) => database.stores.progress.clear(tx, at))
}

/** Of a type that no instance knows. */
function garbage(id: string): Message {
  const unreadable: unknown = { type: 'garbage', id, topic: TOPIC.commands('stock'), key: id }
  return unreadable as Message
}

async function busOf({ layout, busUrl }: Places, probe: Probe): Promise<Bus> {
  if (layout === 'one') return sharedBus({ partitions: PARTITIONS })
  const database = frontedLogDatabase(probe, await openDatabase({ name: 'bus', url: busUrl, schema: 'bus' }))
  const transport = await postgresTransport(database, { partitions: PARTITIONS })
  return outboxed(frontedTransport(probe, transport), systemIds(systemClock))
}

/** Whoever is stopped holds all of a topic, and one play comes through every partition. */
const PARTITIONS = 1
