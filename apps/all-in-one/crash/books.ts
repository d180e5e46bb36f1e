// Owns: reading the databases of one data folder from outside, as their superuser, in either layout.
// I1: statements only; nothing of the engine or of the services takes part.
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
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

export interface Books {
  /** Rows of all outboxes together. */
  outboxCount(): Promise<number>
  /** Waits until nothing is under way; answers what still is at the end of the wait. */
  untilQuiet(withinMs: number): Promise<readonly Row[]>
  /** Everything the verdict is about. */
  facts(): Promise<Omit<Facts, 'unfinished'>>
  close(): Promise<void>
}

export async function openBooks(directory: string, isSeparate: boolean): Promise<Books> {
  const [password, port] = await Promise.all(
    ['password', 'port'].map(async (name) => (await readFile(join(directory, name), 'utf8')).trim()),
  )
  const open = async (name: string): Promise<[string, Database]> => {
    const database = isSeparate ? `ensemble_${name}` : 'ensemble'
    const url = `postgres://postgres:${encodeURIComponent(password ?? '')}@127.0.0.1:${port}/${database}`
    return [name, await openDatabase({ name, url, schema: name, sizeMax: 2, applicationName: 'crash test' })]
  }
  const databases = new Map(await Promise.all([...SERVICES, BUS].map(open)))
  const query = async (service: string, statement: Statement): Promise<readonly Row[]> =>
    (await databases.get(service)?.query(statement))?.rows ?? []
  const ofAll = async (statement: Statement): Promise<readonly Row[]> => {
    const answers = SERVICES.map(async (service) =>
      (await query(service, statement)).map((row): Row => ({ service, ...row })),
    )
    return (await Promise.all(answers)).flat()
  }
  const underWay = async (): Promise<readonly Row[]> => [
    ...(await ofAll(UNFINISHED)),
    ...(await query(BUS, BEHIND)).map((row): Row => ({ service: BUS, place: 'bus', what: row['who'] })),
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
