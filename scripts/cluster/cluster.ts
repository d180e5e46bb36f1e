// Owns: the reference system as processes: one or more of each service, on databases of their own, looked after.
// I1: schemas are up to date before a process starts, so that none waits for another.
// I2: each process knows the address of its own database and of the bus, and of no other service's.
// I3: gateways end before the services that they ask, servers last.
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { SERVICE_NAMES, SERVICES } from '@ensemble/all-in-one'
import { freePorts } from '@ensemble/kafka/broker'
import { systemClock, systemIds } from '@ensemble/runtime'
import { makePlaces, migrateBus, migrateService, variableOf, type Places } from '@ensemble/service'
import { keepRunning, type Child } from './child.ts'
import { openGround, type Ground, type GroundOptions } from './ground.ts'
import type { InstanceCounts } from './options.ts'

export interface ClusterOptions extends GroundOptions {
  readonly instances: InstanceCounts
  /** Of the first gateway; everything else listens on loopback. */
  readonly host: string
  /** Of the first gateway; 0: a free one, as everybody else has. */
  readonly port: number
  /** For every process, beside what it needs to find its ground. */
  readonly env: NodeJS.ProcessEnv
  /** Runs one service; its name is the only argument. */
  readonly program?: string
  /** Hears what processes send over their channels. */
  readonly hear?: (message: unknown, from: { readonly service: string }) => void
}

export interface Cluster {
  readonly ground: Ground
  readonly children: readonly Child[]
  /** Of the gateways. */
  readonly urls: readonly string[]
  /** Resolves when all processes say that they can do their work; false when they do not in time. */
  untilReady(withinMs: number): Promise<boolean>
  stop(): Promise<void>
}

const SERVICE_PROGRAM = fileURLToPath(new URL('../service.ts', import.meta.url))
const LOOPBACK = '127.0.0.1'
const GATEWAY = 'gateway'
const POLL_MS = 200
const NEVER = new AbortController().signal

/** Starts all processes and does not wait for them. Errors: EmbeddedError, BrokerError, DatabaseUnusable. */
export async function startCluster(options: ClusterOptions): Promise<Cluster> {
  const { say } = options
  await using stack = new AsyncDisposableStack()
  const ground = await openGround(options, stack)
  const places = await makePlaces({ services: SERVICE_NAMES, adminUrl: ground.adminUrl, isSeparate: true })
  await migrateAll(places, options)
  const slots = await slotsOf(options)
  const env = {
    // A process starts in two thirds of the time.
    NODE_COMPILE_CACHE: join(options.data, 'compile-cache'),
    ...options.env,
    ...busEnv(options, { ground, places }),
  }
  say(`starting ${slots.length} processes`)
  const children = slots.map((slot) => startChild(slot, { options, places, slots, env }))
  const [gateways, others] = [children.filter(isGateway), children.filter((child) => !isGateway(child))]
  stack.defer(() => stopAll(others))
  stack.defer(() => stopAll(gateways))
  const owned = stack.move()
  let stopped: Promise<void> | undefined
  return {
    ground,
    children,
    urls: gateways.map(({ url }) => url),
    untilReady: (withinMs) => untilReady(children, withinMs),
    stop: async () => {
      stopped ??= owned.disposeAsync()
      await stopped
    },
  }
}

function isGateway({ service }: Pick<Child, 'service'>): boolean {
  return service === GATEWAY
}

async function stopAll(children: readonly Child[]): Promise<void> {
  await Promise.all(children.map((child) => child.stop()))
}

async function migrateAll(places: Places, { bus, instances, say }: ClusterOptions): Promise<void> {
  let count = bus === 'postgres' ? (await migrateBus(places.bus)).length : 0
  for (const module of SERVICES) {
    const place = places.services[module.name]
    if (place === undefined || instances[module.name] === 0) continue
    count += (await migrateService(place, module)).length
  }
  if (count > 0) say(`migrated the databases (${count} steps)`)
}

/** A process to be. */
interface Slot {
  readonly name: string
  readonly service: string
  readonly host: string
  readonly port: number
}

async function slotsOf({ instances, host, port }: ClusterOptions): Promise<readonly Slot[]> {
  const wanted = SERVICE_NAMES.flatMap((service) =>
    Array.from({ length: instances[service] ?? 1 }, (_, index) => ({ service, number: index + 1 })),
  )
  const ports = await freePorts(wanted.length)
  return wanted.map(({ service, number }, index) => {
    const free = ports[index] ?? 0
    const isFirst = service === GATEWAY && number === 1
    const at = isFirst ? { host, port: port === 0 ? free : port } : { host: LOOPBACK, port: free }
    return { name: `${service}-${number}`, service, ...at }
  })
}

function busEnv(
  { bus }: ClusterOptions,
  { ground, places }: { readonly ground: Ground; readonly places: Places },
): NodeJS.ProcessEnv {
  return bus === 'kafka'
    ? { BUS: 'kafka', KAFKA_BROKERS: ground.brokers }
    : { BUS: 'postgres', BUS_DATABASE_URL: places.bus.url }
}

interface Around {
  readonly options: ClusterOptions
  readonly places: Places
  readonly slots: readonly Slot[]
  readonly env: NodeJS.ProcessEnv
}

function startChild({ name, service, host, port }: Slot, { options, places, slots, env }: Around): Child {
  const { say, hear, program = SERVICE_PROGRAM } = options
  const width = Math.max(...slots.map((slot) => slot.name.length))
  return keepRunning({
    name,
    service,
    url: urlOf({ host, port }),
    args: [program, service],
    env: {
      ...env,
      HOST: host,
      PORT: String(port),
      // Somebody who may create databases is not for them.
      DATABASE_URL: '',
      [`${variableOf(service)}_DATABASE_URL`]: places.services[service]?.url,
      ...peerEnv(slots),
    },
    clock: systemClock,
    chance: () => systemIds(systemClock).chance(),
    say: (line) => say(`${name.padEnd(width)} | ${line}`),
    ...(hear !== undefined && { hear: (message) => hear(message, { service }) }),
  })
}

/** Where the instances of the others are: the gateway asks all, everybody asks who a token speaks for. */
function peerEnv(slots: readonly Slot[]): NodeJS.ProcessEnv {
  const others = Map.groupBy(
    slots.filter((slot) => !isGateway(slot)),
    ({ service }) => service,
  )
  return Object.fromEntries(
    [...others].map(([service, all]) => [`${variableOf(service)}_URL`, all.map(urlOf).join(',')]),
  )
}

function urlOf({ host, port }: Pick<Slot, 'host' | 'port'>): string {
  return `http://${host}:${port}`
}

async function untilReady(children: readonly Child[], withinMs: number): Promise<boolean> {
  const end = systemClock.now() + withinMs
  for (;;) {
    const answers = await Promise.all(children.map((child) => child.isReady()))
    if (!answers.includes(false)) return true
    if (systemClock.now() >= end) return false
    await systemClock.sleep(POLL_MS, NEVER)
  }
}
