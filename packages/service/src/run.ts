// Owns: the life of the services of one process: opened, started, reachable by each other, stopped.
// I1: they stop in the opposite order of their start: who accepts requests first, its tables last.
// I2: a start that fails closes what it had opened.
import { createServer, drain, mount, systemClock as httpClock, systemIds as httpIds } from '@ensemble/http'
import type { Guard, Server } from '@ensemble/http'
import { systemClock, systemIds, type Bus, type Host, type Ids } from '@ensemble/runtime'
import type { KafkaOptions } from '@ensemble/kafka'
import type { EngineDatabase } from '@ensemble/postgres'
import { LAG_COUNT_MAX_DEFAULT, type PeerUrls } from './config.ts'
import { joinConsul, type ConsulMember, type ConsulSettings } from './consul/member.ts'
import { EDGE_DEFAULT } from './edge-config.ts'
import { guardOf } from './guard.ts'
import { groundsOf, type Ground } from './grounds.ts'
import { Instances } from './instances.ts'
import { keepLog } from './log-keeper.ts'
import { errorLogger, hearEngineErrors, sayFailures, type Failures } from './logger.ts'
import type { Config, Peers, RunningService, ServiceModule } from './module.ts'
import { peersOf } from './peers.ts'
import { migrateBus, migrateService, type Places } from './places.ts'
import { checksOf } from './ready.ts'
import type { TracingSettings } from './tracing-config.ts'
import type { Tracing } from './tracing/tracing.ts'
import manifest from '../package.json' with { type: 'json' }

export interface SystemOptions {
  /** In the order of their start: who takes part in sagas before who starts them. */
  readonly modules: readonly ServiceModule[]
  readonly places: Places
  /** The bus, when it is not in a database. */
  readonly kafka?: KafkaOptions | undefined
  readonly config: Config
  readonly peerUrls?: PeerUrls
  /** Where instances are told of, and looked for. */
  readonly consul?: ConsulOptions | undefined
  /** Where traces go; without it nothing is traced. */
  readonly tracing?: TracingSettings | undefined
  /** Messages that a service may be behind before it says that it is not ready. */
  readonly lagCountMax?: number
  /** For tests: a bus that misbehaves. */
  readonly wrapBus?: (bus: Bus, service: string) => Bus
  /** More members of every health answer. */
  readonly health?: Readonly<Record<string, string | number | boolean>>
  /** Hears how far a start is, and what fails later. */
  readonly say?: (line: string) => void
}

export interface ConsulOptions {
  readonly settings: ConsulSettings
  /** Services to look for. */
  readonly asked: readonly string[]
}

export interface ServiceHandle {
  readonly name: string
  readonly host: Host
  readonly server: Server
  readonly database: EngineDatabase
}

export interface RunningSystem {
  readonly services: ReadonlyMap<string, ServiceHandle>
  /** Lets a service's API be reached at an address; answers its URL. */
  listen(service: string, at: { readonly host: string; readonly port: number }): Promise<string>
  /** Answers what is under way, then ends everything; safe to repeat. */
  stop(): Promise<void>
}

const RETRY_AFTER_LAG_MS = 1_000
/** For others to hear that an instance has gone. */
const UNFOUND_MS = 500

/** Migrates the bus and the services, and starts them. */
export async function startSystem(options: SystemOptions): Promise<RunningSystem> {
  const { modules, places, kafka, say = () => undefined } = options
  await using stack = new AsyncDisposableStack()
  await migrateAll(options, say)
  const failures = options.say === undefined ? undefined : sayFailures(options.say, systemClock)
  if (failures !== undefined) {
    stack.defer(() => failures.stop())
    stack.defer(hearEngineErrors(failures))
  }
  const tracing = await tracingOf(options, failures)
  if (tracing !== undefined) stack.defer(() => tracing.stop())
  const services = new Map<string, ServiceHandle>()
  const ids = systemIds(systemClock)
  const together = modules.length > 1 ? places.together : undefined
  const grounds = groundsOf({ places, together, kafka, ids, stack, say })
  const member = memberOf(options, { ids, say })
  if (member !== undefined) stack.defer(() => member.leave())
  const peers = peersOf({
    local: (name) => services.get(name)?.server,
    remotes: remotesOf(options.peerUrls ?? {}, { member, asked: options.consul?.asked ?? [] }),
    timeoutMs: () => (options.config.edgeNow?.() ?? EDGE_DEFAULT).peerTimeoutMs,
  })
  if (kafka !== undefined) say(`the bus is Kafka at ${kafka.brokers.join(', ')}`)
  say(`starting ${modules.map(({ name }) => name).join(', ')}`)
  const { auth } = options.config
  const guard = auth && guardOf({ issuer: auth.issuer, peers, clock: systemClock })
  let isFull = (): boolean => false
  const isBusFull = (): boolean => isFull()
  for (const module of modules) {
    const ground = await grounds.open(module.name)
    const { database, pingBus, pingReads } = ground
    failures?.watch(module.name, () => Promise.all([database.ping(), pingBus(), pingReads?.()]))
    const around = { options, ground, peers, isBusFull, guard, failures, tracing, stack }
    services.set(module.name, await startService(module, around))
  }
  const log = grounds.log()
  if (log !== undefined) {
    const keeper = keepLog(log, { clock: systemClock, say })
    stack.defer(() => keeper.stop())
    isFull = () => keeper.isFull()
  }
  const owned = stack.move()
  let stopped: Promise<void> | undefined
  return {
    services,
    listen: async (name, { host, port }) => {
      const service = services.get(name)
      if (service === undefined) throw new RangeError(`${name} is not started`)
      const url = await service.server.listen({ host, port })
      await member?.announce(name, Number(new URL(url).port))
      return url
    },
    stop: async () => {
      stopped ??= stopAll(member, owned)
      await stopped
    },
  }
}

/** Loaded only where it is asked for. */
async function tracingOf(
  { tracing: settings }: SystemOptions,
  failures: Failures | undefined,
): Promise<Tracing | undefined> {
  if (settings === undefined) return undefined
  const { startTracing } = await import('./tracing/tracing.ts')
  const fail = (error: unknown): void => failures?.hear({ service: 'tracing', about: 'export', error })
  return startTracing({ settings, version: manifest.version, fail })
}

/** Who looks for instances finds others before this one refuses what it is asked. */
async function stopAll(member: ConsulMember | undefined, owned: AsyncDisposableStack): Promise<void> {
  await member?.leave()
  if (member !== undefined) await systemClock.sleep(UNFOUND_MS, new AbortController().signal)
  await owned.disposeAsync()
}

interface Surroundings {
  readonly ids: Ids
  readonly say: (line: string) => void
}

function memberOf({ consul }: SystemOptions, { ids, say }: Surroundings): ConsulMember | undefined {
  if (consul === undefined) return undefined
  return joinConsul({ settings: consul.settings, version: manifest.version, clock: systemClock, ids, say })
}

interface Found {
  readonly member: ConsulMember | undefined
  readonly asked: readonly string[]
}

/** An address that is set counts; Consul is asked for the others. */
function remotesOf(urls: PeerUrls, { member, asked }: Found): ReadonlyMap<string, Instances> {
  const remotes = new Map(Object.entries(urls).map(([name, all]) => [name, new Instances(all, systemClock)]))
  for (const name of member === undefined ? [] : asked) {
    if (remotes.has(name)) continue
    const instances = new Instances([], systemClock)
    remotes.set(name, instances)
    member?.find(name, (found) => instances.replace(found))
  }
  return remotes
}

async function migrateAll(
  { modules, places, kafka }: SystemOptions,
  say: (line: string) => void,
): Promise<void> {
  const report = (name: string, ran: readonly string[]): void => {
    if (ran.length > 0) say(`migrated ${name} (${ran.length} steps)`)
  }
  if (kafka === undefined) report('bus', await migrateBus(places.bus))
  for (const module of modules) {
    const place = places.services[module.name]
    if (place === undefined) throw new RangeError(`no place for ${module.name}`)
    report(module.name, await migrateService(place, module))
  }
}

interface Around {
  readonly options: SystemOptions
  readonly ground: Ground
  readonly peers: Peers
  readonly isBusFull: () => boolean
  readonly guard: Guard | undefined
  readonly failures: Failures | undefined
  readonly tracing: Tracing | undefined
  readonly stack: AsyncDisposableStack
}

async function startService(module: ServiceModule, around: Around): Promise<ServiceHandle> {
  const { options, ground, peers, isBusFull, tracing, stack } = around
  const { name } = module
  const { database } = ground
  const { config, wrapBus = (bus) => bus, say = () => undefined } = options
  const bus = wrapBus(ground.bus, name)
  const running = await module.start({
    database,
    read: database.read,
    bus: tracing?.bus(bus, name) ?? bus,
    isBusFull,
    clock: systemClock,
    ids: systemIds(systemClock),
    config,
    peers,
    say,
  })
  stack.defer(async () => await running.close?.())
  stack.defer(() => running.host.stop())
  stack.defer(async () => await running.stop?.())
  const server = await serverOf(module, running, around)
  stack.defer(async () => void (await drain(server)))
  mount(server, running.routes)
  await server.ready()
  return { name, host: running.host, server, database }
}

async function serverOf(
  { name, title, isPublic }: ServiceModule,
  { checks = [], document }: RunningService,
  { options, ground, guard, failures, tracing }: Around,
): Promise<Server> {
  const { health, lagCountMax = LAG_COUNT_MAX_DEFAULT } = options
  const edge = options.config.edgeNow ?? (() => EDGE_DEFAULT)
  const { bodyLimitBytes, corsOrigins, trustedProxies } = edge()
  const server = await createServer({
    name,
    version: manifest.version,
    clock: httpClock,
    ids: httpIds,
    openapi: { title, description: `${title} of the Ensemble reference system.` },
    eventLoopDelayMsMax: RETRY_AFTER_LAG_MS,
    bodyLimitBytes,
    ...(isPublic === true && {
      corsOrigins,
      trustedProxies,
      rateLimits: () => edge().rateLimits,
      inFlightMax: () => edge().requestsMax,
    }),
    ready: async () => [...checksOf(ground, lagCountMax), ...checks],
    ...(guard !== undefined && { guard }),
    ...(tracing !== undefined && { watch: (made: Server) => tracing.watch(made, name) }),
    ...(health !== undefined && { healthFields: () => health }),
    ...(failures !== undefined && { logger: errorLogger(name, failures) }),
  })
  if (document !== undefined) {
    server.addHook('preSerialization', async (request, _reply, payload) =>
      request.routeOptions.url === '/openapi.json' ? await document(payload) : payload,
    )
  }
  return server
}
