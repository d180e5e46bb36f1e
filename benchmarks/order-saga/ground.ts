// Owns: the servers that a run stands on: PostgreSQL with a schema for each service, and a Kafka broker where asked.
// I1: what it started it stops and removes, when a start fails halfway too; on a given server it removes its database.
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import {
  BUS_MIGRATIONS,
  ENGINE_MIGRATIONS,
  migrate,
  openDatabase,
  provision,
  startEmbedded,
  type Database,
  type Provision,
} from '@ensemble/postgres'
import { startBrokers } from '../../scripts/kafka.ts'
import type { Settings } from '../measure/durable-problems.ts'
import { settingsOfKafka, settingsOfPostgres } from '../measure/durable.ts'
import { dropDatabase, postmasterOf } from '../measure/server.ts'
import { SERVICES, type BusKind, type BusPlace, type ServiceName } from './host.ts'

export interface Wanted {
  readonly bus: BusKind
  readonly partitions: number
  /** A server to use instead of an embedded one, as somebody who may create databases. */
  readonly databaseUrl: string | undefined
  readonly say: (line: string) => void
}

export interface Ground {
  readonly places: Readonly<Record<ServiceName, { readonly url: string; readonly schema: string }>>
  readonly bus: BusPlace
  /** As `Provision.together`. */
  readonly together: string | null
  /** In the database of the services, as the server's administrator. */
  readonly admin: Database
  readonly postgresPid: number | null
  readonly kafkaPid: number | null
  readonly durable: Readonly<Record<string, Settings>>
  stop(): Promise<void>
}

const WITH_TABLES: ReadonlySet<ServiceName> = new Set(['orders', 'payments'])

export async function openGround(wanted: Wanted): Promise<Ground> {
  await using stack = new AsyncDisposableStack()
  const adminUrl = wanted.databaseUrl ?? (await embedded(wanted, stack))
  const name = `bench_${process.pid}`
  const provisioned = await provision({
    adminUrl,
    services: SERVICES.map((service) => ({ name: service, database: name })),
    busDatabase: name,
  })
  if (wanted.databaseUrl !== undefined) stack.defer(() => dropDatabase(adminUrl, name))
  const admin = await openDatabase({ name: 'check', url: withDatabase(adminUrl, name) })
  stack.defer(() => admin.close())
  const postgres = await settingsOfPostgres(admin)
  const places = await migrated(provisioned)
  const kafka = wanted.bus === 'kafka' ? await broker(wanted, stack) : null
  const owned = stack.move()
  return {
    places,
    bus: { kind: wanted.bus, partitions: wanted.partitions, brokers: kafka?.brokers ?? '' },
    together: provisioned.together,
    admin,
    postgresPid: await postmasterOf(admin),
    kafkaPid: kafka?.pid ?? null,
    durable: { postgres, ...(kafka !== null && { kafka: kafka.settings }) },
    stop: () => owned.disposeAsync(),
  }
}

async function embedded({ say }: Wanted, stack: AsyncDisposableStack): Promise<string> {
  const directory = join(tmpdir(), `ensemble-bench-${process.pid}`)
  say('starting a PostgreSQL server with durable settings')
  stack.defer(() => rm(directory, { recursive: true, force: true }))
  const server = await startEmbedded({ directory })
  stack.defer(() => server.stop())
  return server.adminUrl
}

async function migrated({ services, bus }: Provision): Promise<Ground['places']> {
  const engine = { directory: fileURLToPath(ENGINE_MIGRATIONS), table: 'engine_migrations' }
  await migrate(bus.url, {
    schema: bus.schema,
    directory: fileURLToPath(BUS_MIGRATIONS),
    direction: 'up',
  })
  const places = SERVICES.map(async (name) => {
    const place = services[name]
    if (place === undefined) throw new Error(`no place for ${name}`)
    const own = {
      directory: fileURLToPath(new URL(`./migrations/${name}`, import.meta.url)),
      table: 'migrations',
    }
    const directories = WITH_TABLES.has(name) ? [engine, own] : [engine]
    await migrate(place.url, { schema: place.schema, directories, direction: 'up' })
    return [name, { url: place.url, schema: place.schema }] as const
  })
  return Object.fromEntries(await Promise.all(places)) as Ground['places']
}

interface Broker {
  readonly brokers: string
  readonly pid: number | null
  readonly settings: Settings
}

async function broker({ say }: Wanted, stack: AsyncDisposableStack): Promise<Broker> {
  const directory = await mkdtemp(join(tmpdir(), 'ensemble-bench-kafka-'))
  stack.defer(() => rm(directory, { recursive: true, force: true }))
  const cluster = await startBrokers({ count: 1, directory }, say)
  stack.defer(() => cluster.remove())
  const [status] = await cluster.status()
  return {
    brokers: cluster.brokers,
    pid: status?.pid ?? null,
    settings: await settingsOfKafka(cluster.brokers),
  }
}

function withDatabase(adminUrl: string, name: string): string {
  const url = new URL(adminUrl)
  url.pathname = `/${name}`
  return url.href
}
