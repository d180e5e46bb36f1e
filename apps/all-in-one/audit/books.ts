// Owns: reading the databases of the reference system from outside, as somebody who may read all of them.
// I1: statements only; nothing of the engine or of the services takes part.
import { openDatabase, sqlFile, type Database, type Statement } from '@ensemble/postgres'
import { poll } from './clock.ts'

const sql = (name: string): Statement => sqlFile(new URL(`./sql/${name}.sql`, import.meta.url))

const OUTBOX = sql('outbox')
const UNFINISHED = sql('unfinished')
const BROKEN = sql('broken')
const SCHEDULED = sql('scheduled')
const BEHIND = sql('behind')

const FACTS = {
  orders: { service: 'order', statement: sql('orders') },
  payments: { service: 'payment', statement: sql('payments') },
  ledger: { service: 'payment', statement: sql('ledger') },
  credits: { service: 'payment', statement: sql('credits') },
  users: { service: 'user', statement: sql('users') },
  notifications: { service: 'notification', statement: sql('notifications') },
  starts: { service: 'gateway', statement: sql('starts') },
  sagas: { service: 'orchestrator', statement: sql('sagas') },
  histories: { service: 'history', statement: sql('history') },
  historyTwice: { service: 'history', statement: sql('history-twice') },
} as const

const SERVICES = ['history', 'notification', 'user', 'order', 'payment', 'orchestrator', 'gateway'] as const
const BUS = 'bus'
const QUIET_POLL_MS = 100

export type Row = Readonly<Record<string, unknown>>
export type Facts = Readonly<
  Record<keyof typeof FACTS | 'broken' | 'scheduled' | 'unfinished', readonly Row[]>
>

export interface BooksOptions {
  /** Of the database that holds the tables of a service, or of `bus`. */
  readonly urlOf: (name: string) => string
  /** Groups that have not read everything, where the bus is in no database. */
  readonly behind?: () => Promise<readonly Row[]>
}

export interface Books {
  /** Rows of all outboxes together. */
  outboxCount(): Promise<number>
  /** Waits until nothing is under way; answers what still is at the end of the wait. */
  untilQuiet(withinMs: number): Promise<readonly Row[]>
  /** Everything the verdict is about. */
  facts(): Promise<Omit<Facts, 'unfinished'>>
  /** What else somebody wants to know of one service. */
  query(service: string, statement: Statement): Promise<readonly Row[]>
  close(): Promise<void>
}

export async function openBooks({ urlOf, behind }: BooksOptions): Promise<Books> {
  const open = async (name: string): Promise<[string, Database]> => [
    name,
    await openDatabase({ name, url: urlOf(name), schema: name, sizeMax: 2, applicationName: 'audit' }),
  ]
  const names = behind === undefined ? [...SERVICES, BUS] : SERVICES
  const databases = new Map(await Promise.all(names.map(open)))
  const query = async (service: string, statement: Statement): Promise<readonly Row[]> =>
    (await databases.get(service)?.query(statement))?.rows ?? []
  const ofAll = async (statement: Statement): Promise<readonly Row[]> => {
    const answers = SERVICES.map(async (service) =>
      (await query(service, statement)).map((row): Row => ({ service, ...row })),
    )
    return (await Promise.all(answers)).flat()
  }
  const unread = behind ?? (() => query(BUS, BEHIND))
  const underWay = async (): Promise<readonly Row[]> => [
    ...(await ofAll(UNFINISHED)),
    ...(await unread()).map((row): Row => ({ service: BUS, place: 'bus', what: row['who'] })),
  ]
  return {
    outboxCount: async () => sum(await ofAll(OUTBOX)),
    untilQuiet: async (withinMs) => {
      let left: readonly Row[] = []
      const look = async (): Promise<true | undefined> => {
        left = await underWay()
        return left.length === 0 ? true : undefined
      }
      await poll(look, { withinMs, everyMs: QUIET_POLL_MS })
      return left
    },
    facts: async () => {
      const named = Object.entries(FACTS).map(
        async ([name, { service, statement }]) => [name, await query(service, statement)] as const,
      )
      return {
        ...EMPTY,
        ...Object.fromEntries(await Promise.all(named)),
        broken: await ofAll(BROKEN),
        scheduled: await ofAll(SCHEDULED),
      }
    },
    query,
    close: async () => {
      await Promise.all([...databases.values()].map(async (database) => await database.close()))
    },
  }
}

function sum(rows: readonly Row[]): number {
  return rows.reduce((total, row) => total + Number(row['row_count']), 0)
}

const EMPTY: Omit<Facts, 'unfinished'> = {
  orders: [],
  payments: [],
  ledger: [],
  credits: [],
  users: [],
  notifications: [],
  starts: [],
  sagas: [],
  histories: [],
  historyTwice: [],
  broken: [],
  scheduled: [],
}
