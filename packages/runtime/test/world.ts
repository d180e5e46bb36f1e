// Owns: a whole system in memory for scenes: three participants, a starter, an orchestrator when the pattern
// needs one, and a witness that reads every topic. Time is moved by hand; a host can be killed and started
// again on what it left behind.
import { pack, TOPIC, type HistoryEntry, type Message, type Pattern, type Plan } from '@ensemble/core'
import {
  manualClock,
  memoryBus,
  memoryDatabase,
  MemoryError,
  seededIds,
  sharedMemoryBus,
} from '@ensemble/memory'
import {
  createHost,
  outboxed,
  type Bus,
  type Database,
  type Host,
  type Link,
  type OperationRow,
  type Settings,
} from '@ensemble/runtime'
import { troubled, type Trouble } from '@ensemble/testing'
import {
  contracts,
  implementationOf,
  ledger,
  newScript,
  SERVICES,
  tables,
  type Behaviour,
  type Script,
  type ServiceName,
} from './services.ts'

export const T0 = 1_800_000_000_000
export const PATTERNS_BOTH: readonly Pattern[] = ['orchestration', 'choreography']
export type BusShape = 'shared' | 'outboxed'

export interface WorldOptions {
  readonly pattern: Pattern
  readonly plans: readonly Plan[]
  readonly bus?: BusShape
  readonly trouble?: Trouble
  readonly script?: Readonly<Record<string, Behaviour>>
  readonly settings?: Partial<Settings>
  /** Put in front of every database that a host is given. */
  readonly wrap?: (database: Database, service: string) => Database
  /** Messages that the bus loses. */
  readonly loses?: (message: Message) => boolean
}

export interface Mortal {
  readonly database: Database
  readonly kill: () => void
}

/** A process's connection to a database: once killed nothing it does is committed any more. */
function mortal(database: Database): Mortal {
  let isDead = false
  const check = (): void => {
    if (isDead) throw new MemoryError('CONNECTION', 'the process is dead')
  }
  const transaction: Database['transaction'] = async (work) => {
    check()
    return await database.transaction(async (tx) => {
      const value = await work(tx)
      check()
      return value
    })
  }
  return {
    kill: () => void (isDead = true),
    database: wrapped(database, { transaction, onCall: () => undefined }),
  }
}

/** A database in front of another one: told of each call of a store, which may throw. */
export function wrapped(
  database: Database,
  {
    transaction,
    onCall,
  }: { transaction?: Database['transaction']; onCall: (call: string, args: readonly unknown[]) => void },
): Database {
  const stores: Record<string, unknown> = {}
  const front: Database = {
    stores: stores as unknown as Database['stores'],
    query: (statement, values) => database.query(statement, values),
    transaction: transaction ?? ((work) => database.transaction(work)),
  }
  for (const [name, store] of Object.entries(database.stores)) {
    stores[name] = Object.fromEntries(
      Object.entries(store as Record<string, (...args: unknown[]) => unknown>).map(([method, run]) => [
        method,
        async (tx: unknown, ...args: unknown[]) => {
          onCall(`${name}.${method}`, args)
          return await run(tx === front ? database : tx, ...args)
        },
      ]),
    )
  }
  return front
}

function lossy(bus: Bus, loses: (message: Message) => boolean): Bus {
  const kept = (messages: readonly Message[]): readonly Message[] =>
    messages.filter((message) => !loses(message))
  return {
    connect: async (what) => {
      const link = await bus.connect(what)
      const thin: Link = {
        transaction: (work) =>
          link.transaction(async (tx) => {
            const { value, messages } = await work(tx)
            return { value, messages: kept(messages) }
          }),
        receive: (countMax, handle) =>
          link.receive(countMax, async (tx, batch) => kept(await handle(tx, batch))),
        put: (tx, messages) => link.put(tx, kept(messages)),
        relay: () => link.relay(),
        onNews: (news) => link.onNews(news),
        close: () => link.close(),
      }
      return thin
    },
  }
}

const SETTINGS: Partial<Settings> = {
  retry: { delayMsMin: 100, delayMsMax: 1_000, attemptsMax: 3 },
  pollMs: 1_000,
  sweepMs: 1_000,
}

export class World {
  readonly clock = manualClock(T0)
  readonly ids = seededIds(7)
  readonly script: Script
  readonly witnessed: Message[] = []
  readonly options: WorldOptions
  readonly bus: Bus
  readonly raw: (message: Message) => void
  plans: readonly Plan[]
  readonly #databases = new Map<string, Database>()
  readonly #hosts = new Map<string, { host: Host; life: Mortal }>()

  constructor(options: WorldOptions) {
    this.options = options
    this.plans = options.plans
    this.script = newScript(options.script)
    const { trouble, loses = () => false } = options
    const shape = options.bus ?? 'shared'
    const shared = sharedMemoryBus({ partitions: 2 })
    const transport = memoryBus({ partitions: 2 })
    const calm = trouble === undefined
    const away = (): Bus => outboxed(calm ? transport : troubled(transport, trouble), this.ids)
    const bus = shape === 'outboxed' ? away() : calm ? shared : troubled(shared, trouble)
    this.bus = lossy(bus, loses)
    this.raw = (message) => {
      const { topic, key } = message
      const target = shape === 'shared' ? shared : transport
      target.raw({ topic, key, text: pack([message]) })
    }
  }

  get desk(): Host {
    const desk = this.#hosts.get('desk')
    if (desk === undefined) throw new Error('the desk is not started')
    return desk.host
  }

  host(name: string): Host {
    const entry = this.#hosts.get(name)
    if (entry === undefined) throw new Error(`host '${name}' is not started`)
    return entry.host
  }

  database(name: string): Database {
    const known = this.#databases.get(name) ?? memoryDatabase({ name, clock: this.clock })
    this.#databases.set(name, known)
    return known
  }

  /** `a#2` is a second instance of `a`: same database, same group. */
  async startHost(
    name: string,
    front: (database: Database) => Database = (database) => database,
  ): Promise<Host> {
    const { pattern, settings, wrap = (database: Database) => database } = this.options
    const group = name.replace(/#.*/, '')
    const life = mortal(wrap(front(this.database(group)), group))
    const service = SERVICES.find((known) => known === group)
    const host = await createHost({
      service: group,
      database: life.database,
      bus: this.bus,
      clock: this.clock,
      ids: this.ids,
      settings: { ...SETTINGS, ...settings },
      pattern,
      ...(group === 'witness' ? this.#witness() : { plans: this.plans }),
      ...(service === undefined ? {} : { implementation: implementationOf(service, this.script) }),
      ...(group === 'desk' ? { starts: true } : {}),
      ...(group === 'orchestrator' ? { orchestrates: true } : {}),
    })
    this.#hosts.set(name, { host, life })
    return host
  }

  /** The process is gone: what it had not committed is rolled back. */
  async kill(name: string): Promise<void> {
    const entry = this.#hosts.get(name)
    this.#hosts.delete(name)
    entry?.life.kill()
    await entry?.host.stop()
  }

  /** As `kill`, from inside a handler, which goes on for nobody. */
  die(name: string): void {
    const entry = this.#hosts.get(name)
    entry?.life.kill()
  }

  async stopHost(name: string): Promise<void> {
    await this.#hosts.get(name)?.host.stop()
    this.#hosts.delete(name)
  }

  async stop(): Promise<void> {
    await Promise.all([...this.#hosts.keys()].map((name) => this.stopHost(name)))
  }

  /** Lets everything happen that happens within `ms`. */
  async run(ms = 3_000): Promise<void> {
    await this.clock.advance(ms)
    await this.clock.advance(0)
  }

  /** Moves time until `is` holds. */
  async until(is: () => boolean | Promise<boolean>, withinMs = 120_000): Promise<void> {
    const end = this.clock.now() + withinMs
    while (!(await is())) {
      if (this.clock.now() > end)
        throw new Error(`nothing came within ${withinMs} ms:\n${this.notes().join('\n')}`)
      await this.run(250)
    }
  }

  async start(plan: Plan<{ readonly key: string }>, id = 'x'): Promise<void> {
    const started = this.desk.start(plan, { id, input: { key: id } })
    await this.run(0)
    await started
  }

  async ended(plan: Plan, id = 'x', withinMs = 120_000): Promise<'completed' | 'compensated'> {
    let status = 'running'
    await this.until(async () => {
      status = (await this.desk.status({ plan: plan.name, id }))?.status ?? 'running'
      return status !== 'running'
    }, withinMs)
    return status === 'completed' ? 'completed' : 'compensated'
  }

  async operation(name: ServiceName, id: string): Promise<OperationRow | undefined> {
    const database = this.database(name)
    return await database.transaction(
      async (tx) => (await database.stores.operations.load(tx, { ids: [id], deferredOf: [] }))[0],
    )
  }

  /** Numbered entries in order, times aside; a number told twice must be told alike. */
  history(id = 'x'): readonly (HistoryEntry & { seq: number })[] {
    const bySeq = new Map<number, string>()
    for (const message of this.witnessed) {
      if (message.type !== 'history' || message.saga.id !== id) continue
      const text = JSON.stringify(message.entries.map(timeless))
      const before = bySeq.get(message.seq) ?? text
      if (before !== text) throw new Error(`two heads at ${message.seq}:\n${before}\n${text}`)
      bySeq.set(message.seq, text)
    }
    return [...bySeq]
      .sort(([a], [b]) => a - b)
      .flatMap(([seq, text]) => entriesOf(text).map((entry) => ({ seq, ...entry })))
  }

  notes(id = 'x'): readonly string[] {
    return this.witnessed.flatMap((message) =>
      message.type === 'note' && message.saga.id === id
        ? [`${message.source} ${message.note.type} ${message.note.detail}`]
        : [],
    )
  }

  /** The business rows of every service. */
  async rows(): Promise<Readonly<Record<string, unknown>>> {
    const found: Record<string, unknown> = {}
    for (const name of SERVICES) {
      for (const table of tables)
        found[`${name}.${table.name}`] = Object.fromEntries(await table.all(this.database(name)))
    }
    return found
  }

  /** Operations whose effect was recorded more than once. */
  async doubled(): Promise<readonly string[]> {
    const twice: string[] = []
    for (const name of SERVICES) {
      const all = (await ledger.all(this.database(name))).map(({ operation }) => operation)
      twice.push(...all.filter((operation, index) => all.indexOf(operation) < index))
    }
    return twice
  }

  #witness(): {
    observer: {
      topics: readonly string[]
      record: (tx: { onCommit: (action: () => void) => void }, messages: readonly Message[]) => Promise<void>
    }
  } {
    const topics = [TOPIC.history, TOPIC.started, TOPIC.ended, TOPIC.commands('orchestrator')]
    for (const name of Object.keys(contracts)) topics.push(TOPIC.commands(name), TOPIC.events(name))
    return {
      observer: {
        topics,
        record: async (tx, messages) => tx.onCommit(() => void this.witnessed.push(...messages)),
      },
    }
  }
}

function entriesOf(text: string): readonly HistoryEntry[] {
  return JSON.parse(text) as readonly HistoryEntry[]
}

function timeless(entry: HistoryEntry): unknown {
  const times = new Set(['until', 'deadline'])
  return JSON.parse(JSON.stringify(entry, (name, value: unknown) => (times.has(name) ? 0 : value)))
}

/** Starts all hosts, stops them after the scene whatever happens in it. */
export async function inWorld(options: WorldOptions, scene: (world: World) => Promise<void>): Promise<void> {
  const world = new World(options)
  try {
    for (const name of [...SERVICES, 'witness', 'desk']) await world.startHost(name)
    if (options.pattern === 'orchestration') await world.startHost('orchestrator')
    await scene(world)
  } finally {
    const stopped = world.stop()
    // Calls that are out end with their time-out.
    await world.clock.advance(2_000)
    await stopped
  }
}

/** Texts of the dead letters of a host's database. */
export async function lettersOf(world: World, name: string): Promise<readonly string[]> {
  const database = world.database(name)
  return (await database.stores.deadLetters.list(database, 100)).map(({ text }) => text)
}
