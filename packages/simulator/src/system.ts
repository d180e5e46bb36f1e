// Owns: the simulated system: servers, bus, and the processes of every service, which are started again when they
// die.
// I1: it runs the engine's own hosts; what is simulated are the ports that they are given.
import { ORCHESTRATOR, type Message, type Plan } from '@ensemble/core'
import {
  createHost,
  outboxed,
  type Bus,
  type Database,
  type Host,
  type HostOptions,
  type Settings,
} from '@ensemble/runtime'
import { Broker } from './bus/broker.ts'
import { noting } from './bus/done.ts'
import { BusRecord } from './bus/record.ts'
import { SharedLog, type LogParts } from './bus/shared.ts'
import type { Chance } from './chance.ts'
import { DatabaseClient, schemaOf, type Schema } from './database/client.ts'
import { DatabaseServer, type Isolation } from './database/server.ts'
import { Evidence } from './evidence.ts'
import type { Faults } from './faults.ts'
import { World } from './outside.ts'
import { Process } from './process.ts'
import type { Schedule } from './schedule.ts'
import { observer } from './observer.ts'
import { OBSERVER, STARTER } from './roles.ts'
import type { Deployment, Subject } from './subject.ts'
import type { Watch } from './trace.ts'

/** `shared`: one database with the log in it. `separate`: a database for each service and a broker. */
export type Layout = 'shared' | 'separate'

export interface Shape {
  readonly layout: Layout
  readonly isolation: Isolation
  readonly instances: number
  readonly partitionCount: number
  readonly settings: Partial<Settings>
  readonly latencyMsMax: number
  readonly interleaved: number
  readonly observes: boolean
  /** The desk orchestrates what it starts; there is no orchestrator of its own. */
  readonly isOwn: boolean
  /** The first participant is the desk, too: much of what it says it says to itself. */
  readonly takesPart: boolean
  /** Instances of the same number are one process: what one says the others do at once. Only where all is shared. */
  readonly isTogether: boolean
}

export interface SystemParts {
  readonly subject: Subject
  readonly shape: Shape
  readonly schedule: Schedule
  readonly faults: Faults
  readonly chance: Chance
  readonly tell: (who: string, what: string) => void
  /** Something that coverage looks for was seen. */
  readonly saw: (what: string) => void
  /** Sees more than is told, where somebody reads it. */
  readonly watch: Watch | null
}

/** A host that a caller has reached. */
interface Reached {
  readonly host: Host
  readonly database: Database
  readonly process: Process
}

interface Kinship {
  readonly number: number
  readonly home: object | undefined
  readonly kin: Process | null
}

/** Where a host runs. */
interface Place {
  readonly process: Process
  readonly client: DatabaseClient
}

interface Instance extends Place {
  /** Runs a program that knows only plans of version 1. */
  readonly isOld: boolean
  host: Host | null
}

export class System {
  readonly plans: readonly Plan[]
  readonly deployment: Deployment = { isRepaired: false }
  readonly servers = new Map<string, DatabaseServer>()
  readonly world: World
  readonly #parts: SystemParts
  readonly #record = new BusRecord()
  readonly #schemas = new Map<string, Schema>()
  readonly #log: SharedLog | null
  readonly #broker: Broker | null
  readonly #instances = new Map<string, Instance>()
  #isOver = false

  constructor(parts: SystemParts) {
    const { subject, shape, schedule, faults, chance } = parts
    this.#parts = parts
    this.plans = subject.plans(chance.stream('plans'), this.deployment)
    const { partitionCount } = shape
    const { saw } = parts
    const record = this.#record
    const logParts: LogParts = { schedule, faults, chance: chance.stream('bus'), partitionCount, saw, record }
    this.#log = shape.layout === 'shared' ? new SharedLog(logParts) : null
    this.#broker = shape.layout === 'separate' ? new Broker(logParts) : null
    this.world = new World({ schedule, faults, chance: chance.stream('outside'), tell: parts.tell })
  }

  /** Programs that know different versions of plans run side by side. */
  get hasVersions(): boolean {
    return new Set(this.plans.map(({ name }) => name)).size < this.plans.length
  }

  get roles(): readonly string[] {
    const { subject, shape } = this.#parts
    return [
      ...Object.keys(subject.participants),
      ...(shape.takesPart ? [] : [STARTER]),
      ...(shape.isOwn ? [] : [ORCHESTRATOR]),
      ...(shape.observes ? [OBSERVER] : []),
    ]
  }

  start(): void {
    const { roles } = this
    const { instances, isTogether } = this.#parts.shape
    for (const together of isTogether ? [roles] : roles.map((role) => [role]))
      for (let number = 1; number <= instances; number += 1) this.#boot(together, number)
  }

  /** Nothing is started again any more. */
  end(): void {
    this.#isOver = true
  }

  /** A host of the service in a process that runs, null when there is none now. */
  host(role: string): Reached | null {
    const service = role === STARTER ? this.#starter : role
    const up = [...this.#instances.values()].flatMap(({ process, host, client: database }) =>
      host !== null && host.service === service && !process.isDead && !process.isPaused
        ? [{ host, database, process }]
        : [],
    )
    return up.length === 0 ? null : (up[this.#parts.chance.int(0, up.length - 1)] ?? null)
  }

  processes(): readonly Process[] {
    return [...this.#instances.values()].map(({ process }) => process).filter(({ isDead }) => !isDead)
  }

  get broker(): Broker | null {
    return this.#broker
  }

  /** The newest, repaired program everywhere. */
  deploy(): void {
    this.deployment.isRepaired = true
    for (const { isOld, process } of this.#instances.values())
      if (isOld) process.end('crash', 'for a newer program')
  }

  /** The server goes away for a while, with every connection to it. */
  restart(server: DatabaseServer, ms: number): void {
    this.#parts.tell('database', `${server.name} is away for ${ms} ms`)
    server.goDown(ms)
    for (const { client } of this.#instances.values()) if (client.server === server) client.loseAll()
  }

  jumpClock(server: DatabaseServer, ms: number): void {
    this.#parts.tell('database', `${server.name}: clock jumps by ${ms} ms`)
    server.jumpClock(ms)
  }

  /** Every group reads everything that was ever sent once more, as after a restored copy of the log's positions. */
  readAgain(): void {
    this.#broker?.forgetOffsets(0)
    const [server] = this.servers.values()
    if (server !== undefined) this.#log?.forgetOffsets(server)
  }

  /** Messages that some group has not read, and batches that are not sent. */
  lag(): number {
    const unsent = [...this.servers.values()].flatMap((server) =>
      server
        .tables()
        .filter(({ name }) => name === 'outbox')
        .flatMap((table) => [...table.committed().keys()]),
    )
    const groups = this.roles.map((role) => this.#lagOf(role))
    return groups.reduce((sum, one) => sum + one, unsent.length)
  }

  evidence(): Evidence {
    const tables = [...this.servers.values()].flatMap((server) => server.tables())
    const { deeds } = this.world
    return new Evidence({ tables, messages: () => this.#messages(), deeds, bus: this.#record })
  }

  #messages(): readonly Message[] {
    const { done } = this.#record
    if (this.#broker !== null) return [...this.#broker.all(), ...done]
    const [server] = this.servers.values()
    return server === undefined ? done : [...(this.#log?.all(server) ?? []), ...done]
  }

  #lagOf(role: string): number {
    if (this.#broker !== null) return this.#broker.lag(role)
    const [server] = this.servers.values()
    return server === undefined ? 0 : (this.#log?.lagOf(server, role) ?? 0)
  }

  /** One process of the operating system. */
  #boot(roles: readonly string[], number: number): void {
    if (this.#isOver) return
    const { schedule, chance, shape } = this.#parts
    const home = shape.isTogether ? {} : undefined
    const places: Place[] = []
    for (const role of roles)
      places.push(this.#place(role, { number, home, kin: places[0]?.process ?? null }))
    const isOld = this.hasVersions && !this.deployment.isRepaired && chance.hit(0.5)
    const again = (): void => schedule.after(chance.int(100, 3_000), () => this.#boot(roles, number))
    places[0]?.process.onEnd(again)
    for (const { process, client } of places) this.#begin({ isOld, process, client, host: null })
  }

  #place(role: string, { number, home, kin }: Kinship): Place {
    const { schedule, faults, chance, shape, tell, saw, watch } = this.#parts
    const name = `${role}#${number}`
    const process = new Process({
      name,
      schedule,
      faults,
      chance,
      watch,
      kin,
      tell: (what) => tell(name, what),
    })
    const { latencyMsMax, interleaved } = shape
    const schema = this.#schema(role)
    const client = new DatabaseClient({
      process,
      schedule,
      faults,
      chance,
      latencyMsMax,
      interleaved,
      schema,
      home,
      saw,
    })
    return { process, client }
  }

  #begin(instance: Instance): void {
    const { process } = instance
    this.#instances.set(process.name, instance)
    createHost(this.#optionsOf(process.service, instance)).then(
      (host) => {
        instance.host = host
        process.comesUp()
      },
      (error: unknown) => process.end('crash', `at its start: ${String(error)}`),
    )
  }

  #optionsOf(role: string, { isOld, process, client }: Instance): HostOptions {
    const { subject, shape } = this.#parts
    const participant = subject.participants[role]
    const plans = this.plans.filter(({ version }) => version === 1 || !isOld)
    const bus: Bus = this.#log?.busOf(process) ?? outboxed(this.#transport(process), process.ids)
    const record = this.#record
    return {
      service: role,
      database: client,
      bus: noting(bus, { process, record }),
      clock: process.clock,
      ids: process.ids,
      settings: shape.settings,
      ...(role === OBSERVER ? { observer: observer() } : { plans }),
      ...(participant !== undefined && {
        implementation: participant(this.world.outsideOf(process), {
          database: client,
          clock: process.clock,
        }),
      }),
      ...(role === this.#starter ? { starts: true, orchestrates: shape.isOwn } : {}),
      ...(role === ORCHESTRATOR ? { orchestrates: true } : {}),
    }
  }

  get #starter(): string {
    const { subject, shape } = this.#parts
    return starterOf(subject, shape)
  }

  #transport(process: Process) {
    if (this.#broker === null) throw new Error('this layout has no broker')
    return this.#broker.transportOf(process)
  }

  #schema(role: string): Schema {
    const { layout, isolation } = this.#parts.shape
    const known = this.#schemas.get(role)
    if (known !== undefined) return known
    const name = layout === 'shared' ? 'all' : role
    const server =
      this.servers.get(name) ?? new DatabaseServer({ name, schedule: this.#parts.schedule, isolation })
    this.servers.set(name, server)
    const schema = schemaOf(server, role)
    this.#schemas.set(role, schema)
    return schema
  }
}

function starterOf(subject: Subject, { takesPart }: Shape): string {
  const [first = STARTER] = Object.keys(subject.participants)
  return takesPart ? first : STARTER
}

/** Who does the work of services that need not be there. */
export function playedIn(subject: Subject, shape: Shape): ReadonlyMap<string, string> {
  const starter = starterOf(subject, shape)
  return new Map([
    [STARTER, starter],
    [ORCHESTRATOR, shape.isOwn ? starter : ORCHESTRATOR],
  ])
}
