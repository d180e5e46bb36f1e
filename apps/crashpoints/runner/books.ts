// Owns: reading one system's databases from outside.
// I1: statements only; nothing of the engine, and none of the system's own code, takes part.
import { openDatabase, sqlFolder, type Database, type Statement } from '@ensemble/postgres'
import type { Play } from '../system/contracts.ts'
import { SERVICES, type Places } from '../system/layout.ts'
import { poll } from './clock.ts'

export type Row = Readonly<Record<string, unknown>>

/** What one play has left behind. */
export interface Facts {
  readonly sagas: readonly Row[]
  readonly decisions: readonly Row[]
  readonly entries: readonly Row[]
  readonly rows: readonly Row[]
  readonly deeds: readonly Row[]
  readonly garbage: readonly Row[]
  /** Of all plays: what nobody will finish. */
  readonly broken: readonly Row[]
}

export interface Books {
  /** Waits until nothing is under way; answers what still is at the end of the wait. */
  untilQuiet(withinMs: number): Promise<readonly Row[]>
  facts(play: Play): Promise<Facts>
  close(): Promise<void>
}

const POLL_MS = 25

const sql = sqlFolder(new URL('./sql/', import.meta.url))
/** The statement of one service, asked of all. */
const ofAll = (name: string): Statement => {
  const { text } = sql(name)
  const texts = SERVICES.map((service) =>
    text.replaceAll('service.', `${service}.`).replaceAll("'service'", `'${service}'`),
  )
  return { name, text: texts.join('\nUNION ALL\n') }
}

const UNFINISHED = ofAll('unfinished')
const BROKEN = ofAll('broken')
const BEHIND = sql('behind')
const FACTS = ['sagas', 'decisions', 'entries', 'rows', 'deeds', 'garbage'] as const
const FACTS_SQL = FACTS.map((name) => [name, sql(name)] as const)

export async function openBooks({ url, busUrl }: Places): Promise<Books> {
  const services = await openDatabase({ name: 'books', url, sizeMax: 1 })
  const bus = busUrl === url ? services : await openDatabase({ name: 'books', url: busUrl, sizeMax: 1 })
  const query = async (database: Database, statement: Statement, values: readonly unknown[] = []) =>
    (await database.query(statement, values)).rows
  const unfinished = async (): Promise<readonly Row[]> => [
    ...(await query(services, UNFINISHED)),
    ...(await query(bus, BEHIND)),
  ]
  return {
    untilQuiet: async (withinMs) => {
      let left: readonly Row[] = []
      const look = async (): Promise<true | undefined> => {
        left = await unfinished()
        return left.length === 0 ? true : undefined
      }
      await poll(look, { withinMs, everyMs: POLL_MS })
      return left
    },
    facts: async ({ id }) => {
      const named = FACTS_SQL.map(
        async ([name, statement]) => [name, await query(services, statement, [id])] as const,
      )
      return {
        ...NO_FACTS,
        ...Object.fromEntries(await Promise.all(named)),
        broken: await query(services, BROKEN),
      }
    },
    close: async () => {
      await services.close()
      if (bus !== services) await bus.close()
    },
  }
}

const NO_FACTS: Facts = {
  sagas: [],
  decisions: [],
  entries: [],
  rows: [],
  deeds: [],
  garbage: [],
  broken: [],
}
