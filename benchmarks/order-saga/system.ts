// Owns: the system that is measured: an embedded PostgreSQL server, four hosts in one process, the log bus in
// the same database.
import { rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Pattern, Plan } from '@ensemble/core'
import {
  ENGINE_MIGRATIONS,
  BUS_MIGRATIONS,
  engineDatabase,
  migrate,
  openDatabase,
  provision,
  sharedBus,
  sqlFile,
  startEmbedded,
  type EngineDatabase,
} from '@ensemble/postgres'
import { createHost, type Host, type HostOptions } from '@ensemble/runtime'
import { durableSettings, reading, type Reading } from '../measured.ts'
import { orderSagaIn, type OrderSaga } from './contracts.ts'
import { orderService, paymentService } from './services.ts'

export interface BenchSystem {
  readonly desk: Host
  readonly plan: Plan<OrderSaga>
  /** Counts of the business rows by state, and the sum of the ledger. */
  readonly check: () => Promise<Readonly<Record<string, number>>>
  /** What the run has cost until now. */
  readonly read: () => Promise<Reading>
  readonly durable: Readonly<Record<string, string>>
  readonly stop: () => Promise<void>
}

const SERVICES = ['orders', 'payments', 'orchestrator', 'desk'] as const
type Name = (typeof SERVICES)[number]

const CHECK = sqlFile(new URL('./sql/check.sql', import.meta.url))

export async function openSystem(pattern: Pattern, partitions: number): Promise<BenchSystem> {
  const directory = join(tmpdir(), `ensemble-bench-${process.pid}`)
  const server = await startEmbedded({ directory })
  const provisioned = await provision({
    adminUrl: server.adminUrl,
    services: SERVICES.map((name) => ({ name })),
  })
  await migrate(provisioned.bus.url, {
    schema: provisioned.bus.schema,
    directory: fileURLToPath(BUS_MIGRATIONS),
    direction: 'up',
  })
  const databases = new Map<Name, EngineDatabase>()
  for (const name of SERVICES) {
    const place = provisioned.services[name]
    if (place === undefined) throw new Error(`no place for ${name}`)
    const directories = [{ directory: fileURLToPath(ENGINE_MIGRATIONS), table: 'engine_migrations' }]
    if (name === 'orders' || name === 'payments') {
      const own = fileURLToPath(new URL(`./migrations/${name}`, import.meta.url))
      directories.push({ directory: own, table: 'migrations' })
    }
    await migrate(place.url, { schema: place.schema, directories, direction: 'up' })
    databases.set(
      name,
      engineDatabase(await openDatabase({ name, url: place.url, schema: place.schema, sizeMax: 4 })),
    )
  }
  const bus = sharedBus({ partitions })
  const plan = orderSagaIn(pattern)
  const open = async (
    service: Name,
    options: Omit<HostOptions, 'service' | 'database' | 'bus' | 'plans'>,
  ): Promise<Host> => {
    const database = databases.get(service)
    if (database === undefined) throw new Error(`no database of ${service}`)
    return await createHost({ service, database, bus, plans: [plan], ...options })
  }
  const hosts = [
    await open('orders', { implementation: orderService }),
    await open('payments', { implementation: paymentService }),
  ]
  if (pattern === 'orchestration') hosts.push(await open('orchestrator', { orchestrates: true }))
  const desk = await open('desk', { starts: true, pattern })
  const admin = await openDatabase({ name: 'check', url: server.url(provisioned.bus.database) })
  return {
    desk,
    plan,
    durable: await durableSettings(admin),
    read: () => reading(admin, server.pid),
    check: async () => {
      const { rows } = await admin.query(CHECK)
      return Object.fromEntries(Object.entries(rows[0] ?? {}).map(([name, value]) => [name, Number(value)]))
    },
    stop: async () => {
      for (const host of [desk, ...hosts]) await host.stop()
      for (const database of [admin, ...databases.values()]) await database.close()
      await server.stop()
      await rm(directory, { recursive: true, force: true })
    },
  }
}
