// Owns: what services of one process share: the connections to the bus, and one database handle per service. The one
// place that chooses the bus.
// I1: a service whose tables are in the bus's database writes both in one transaction; any other has an outbox.
// I2: services that share a database share sessions, too: what one says the others do in the same transaction.
// I3: everything opened here is closed by the stack that was given, after whoever uses it.
import { kafkaTransport, type KafkaOptions } from '@ensemble/kafka'
import {
  DatabaseError,
  engineDatabase,
  logAdmin,
  openDatabase,
  openSessions,
  postgresTransport,
  sharedBus,
  type EngineDatabase,
  type Sessions,
} from '@ensemble/postgres'
import { limited, outboxed, type Bus, type Ids, type Limit } from '@ensemble/runtime'
import type { KeptLog } from './log-keeper.ts'
import { BUS, isTogether, type Place, type Places } from './places.ts'

export interface Ground {
  readonly database: EngineDatabase
  readonly bus: Bus
  /** Rejects when the bus cannot be used. */
  readonly pingBus: () => Promise<unknown>
  /** Rejects when the read endpoint cannot be used; undefined where there is none of its own. */
  readonly pingReads: (() => Promise<unknown>) | undefined
  /** Messages that the service has yet to read. */
  readonly lag: () => Promise<number>
}

export interface Grounds {
  open(service: string): Promise<Ground>
  /** The bus's log, once a service was opened. */
  log(): KeptLog | undefined
}

export interface GroundsOptions {
  readonly places: Places
  /** As `Places.together`, where several services are here. */
  readonly together: string | undefined
  /** The bus is there instead of in a database. */
  readonly kafka?: KafkaOptions | undefined
  readonly ids: Ids
  readonly stack: AsyncDisposableStack
  /** Hears what somebody who starts services should know. */
  readonly say: (line: string) => void
}

/** Each service holds one connection while it works on a batch, and needs another to send what it decided. */
const BUS_CONNECTIONS_PER_SERVICE = 3

/** As many as are in transactions at once, and some for those that wait for a lock. */
const SESSIONS_PER_SERVICE = 4
const SESSIONS_MIN = 10
/** Not let in, or not allowed. */
const REFUSED = /^(?:28|42501)/

/** Of services that share a process: one batch is decided while another is stored. */
const LIMIT: Limit = { batchesMax: 2 }
/** And a third one while what another sends is on its way to a bus that is elsewhere. */
const LIMIT_APART: Limit = { batchesMax: 3 }

export function groundsOf({ places, together, kafka, ids, stack, say }: GroundsOptions): Grounds {
  let sessions: Promise<Sessions | null> | undefined
  const shareSessions = async (): Promise<Sessions | undefined> => {
    if (together === undefined) return undefined
    sessions ??= openTogether(together, { serviceCount: Object.keys(places.services).length, stack, say })
    return (await sessions) ?? undefined
  }
  const shared = limited(sharedBus(), LIMIT)
  const apart = Object.values(places.services).filter((place) => !isTogether(place, places.bus))
  const sizeMax = BUS_CONNECTIONS_PER_SERVICE * apart.length
  /** One for each database: what waits for one must not hold up another. */
  const limits: { readonly place: Place; readonly bus: Bus }[] = []
  let transported: Promise<Transported> | undefined
  let log: KeptLog | undefined
  return {
    open: async (service) => {
      const place = places.services[service]
      if (place === undefined) throw new RangeError(`no place for ${service}`)
      const database = engineDatabase(await openPlace(service, place, await shareSessions()))
      stack.defer(() => database.close())
      const pingReads = place.readUrl === undefined ? undefined : () => database.read.query('select 1')
      if (kafka === undefined && isTogether(place, places.bus)) {
        const admin = logAdmin(database)
        log ??= admin
        return {
          database,
          bus: shared,
          pingBus: () => database.ping(),
          pingReads,
          lag: lagOf(admin, service),
        }
      }
      transported ??=
        kafka === undefined
          ? openTransport(places.bus, { sizeMax, ids, stack })
          : openKafka(kafka, { ids, stack })
      const { bus, pingBus, log: apartLog } = await transported
      log ??= apartLog
      const known = limits.find((limit) => isTogether(limit.place, place))
      const own = known ?? { place, bus: limited(bus, LIMIT_APART) }
      if (known === undefined) limits.push(own)
      return { database, bus: own.bus, pingBus, pingReads, lag: lagOf(apartLog, service) }
    },
    log: () => log,
  }
}

async function openPlace(name: string, { url, readUrl, schema }: Place, sessions: Sessions | undefined) {
  return await openDatabase({
    name,
    url,
    readUrl,
    schema,
    sessions,
    applicationName: `ensemble ${name}`,
  })
}

interface Opening extends Pick<GroundsOptions, 'stack' | 'say'> {
  readonly serviceCount: number
}

/** Who is not let in as the role of all: each service by itself, then. */
async function openTogether(url: string, { serviceCount, stack, say }: Opening): Promise<Sessions | null> {
  const sizeMax = Math.max(SESSIONS_MIN, SESSIONS_PER_SERVICE * serviceCount)
  try {
    const sessions = await openSessions({ name: 'ensemble together', url, sizeMax })
    stack.defer(async () => await sessions?.close())
    return sessions
  } catch (error) {
    if (!(error instanceof DatabaseError) || !REFUSED.test(error.sqlState ?? '')) throw error
    say(`services do not act together, which is slower: ${error.message}`)
    return null
  }
}

interface ReadLog {
  lag(group: string): Promise<readonly { readonly messageCount: number }[]>
}

interface Transported extends Pick<Ground, 'bus' | 'pingBus'> {
  readonly log: KeptLog & ReadLog
}

/** A service reads as the group of its name. */
function lagOf(log: ReadLog, service: string): Ground['lag'] {
  return async () => (await log.lag(service)).reduce((sum, { messageCount }) => sum + messageCount, 0)
}

/** A broker that cannot be reached, or topics that do not fit, end the start of whoever wants them. */
async function openKafka(
  kafka: KafkaOptions,
  { ids, stack }: { ids: Ids; stack: AsyncDisposableStack },
): Promise<Transported> {
  const transport = kafkaTransport(kafka)
  stack.defer(() => transport.close())
  await transport.ping()
  return {
    bus: outboxed(transport, ids),
    pingBus: () => transport.ping(),
    // The brokers forget by time; how much is unread still says whether new work should wait.
    log: { prune: async () => 0, size: () => transport.backlog(), lag: (group) => transport.lag(group) },
  }
}

async function openTransport(
  { url, schema }: Place,
  { sizeMax, ids, stack }: { sizeMax: number; ids: Ids; stack: AsyncDisposableStack },
): Promise<Transported> {
  const database = await openDatabase({ name: BUS, url, schema, sizeMax, applicationName: 'ensemble bus' })
  stack.defer(() => database.close())
  const transport = await postgresTransport(database)
  stack.defer(() => transport.close())
  return {
    bus: outboxed(transport, ids),
    pingBus: () => database.ping(),
    log: logAdmin(database),
  }
}
