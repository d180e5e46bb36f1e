// Owns: the side of a real PostgreSQL: its tables, its sessions, and seeing from outside that a session waits.
// I1: a session waits when the server says so, for longer than the server takes to look for a deadlock, and not as a
// part of a circle: the server will break that.
import { fileURLToPath } from 'node:url'
import {
  BUS_MIGRATIONS,
  ENGINE_MIGRATIONS,
  engineDatabase,
  migrate,
  openDatabase,
  sharedBus,
  systemClock,
  tableEntries,
  tableRows,
  type Database,
  type DatabaseOptions,
  type EngineDatabase,
  type Isolation,
} from '@ensemble/postgres'
import type { Link } from '@ensemble/runtime'
import { freshDatabase } from '@ensemble/postgres/testing'
import { Actor, answersOf } from './actor.ts'
import { TOPICS } from './bus-calls.ts'
import type { Ports, Thing } from './calls.ts'
import { shownLog, type Side } from './play.ts'

const SCHEMA = 'shop'
/** A look for a deadlock is over long before `SURE_MS`. */
const DEADLOCK_TIMEOUT = '1ms'
const SURE_MS = 4
const LOOKS_MAX = 20_000
const LOOK_EVERY_MS = 2
const SESSIONS_MAX = 4

const rows = tableRows<Thing>({
  name: 'things',
  load: {
    name: 'thing_load',
    text: 'SELECT t.id, t.amount FROM thing AS t WHERE t.id = ANY ($1::text[]) ORDER BY t.id ASC FOR UPDATE',
  },
  insert: {
    name: 'thing_insert',
    text: `INSERT INTO thing (id, amount)
      SELECT r.id, r.amount FROM jsonb_to_recordset($1::jsonb) AS r (id text, amount int4)`,
  },
  update: {
    name: 'thing_update',
    text: `UPDATE thing AS t SET amount = r.amount
      FROM jsonb_to_recordset($1::jsonb) AS r (id text, amount int4) WHERE t.id = r.id RETURNING t.id`,
  },
  decode: thingOf,
  key: ({ id }) => id,
  encode: (thing) => ({ ...thing }),
})

const entries = tableEntries<Thing>({
  name: 'thing entries',
  insert: {
    name: 'thing_entry_insert',
    text: `INSERT INTO thing_entry (id, amount)
      SELECT r.id, r.amount FROM jsonb_to_recordset($1::jsonb) AS r (id text, amount int4)`,
  },
  encode: (thing) => ({ ...thing }),
})

function thingOf(row: Readonly<Record<string, unknown>>): Thing {
  return { id: String(row['id']), amount: Number(row['amount']) }
}

const PID = { name: 'pid', text: 'SELECT pg_backend_pid() AS pid' }

const WAITERS = {
  name: 'waiters',
  text: `SELECT l.pid, pg_blocking_pids(l.pid) AS blockers,
      bool_and(l.waitstart < clock_timestamp() - ${SURE_MS} * interval '1 millisecond') AS is_sure
    FROM pg_locks AS l
    WHERE NOT l.granted AND l.pid = ANY ($1::int4[]) AND l.locktype IN ('transactionid', 'tuple')
    GROUP BY l.pid`,
}

const LOG = {
  name: 'log',
  text: `SELECT
      c.topic, c.next_offset,
      ARRAY(SELECT e.messages FROM bus.log_entry AS e WHERE e.topic = c.topic ORDER BY e.end_offset) AS entries
    FROM bus.log_cursor AS c
    ORDER BY c.topic`,
}

const ACTIVE = {
  name: 'active',
  text: `SELECT a.pid FROM pg_stat_activity AS a WHERE a.pid = ANY ($1::int4[]) AND a.state = 'active'`,
}

export interface Postgres {
  /** Empty tables, and sessions of this isolation. */
  side(isolation: Isolation): Promise<Side>
  end(): Promise<void>
}

export async function openPostgres(): Promise<Postgres> {
  const { url, drop } = await freshDatabase('reality')
  await migrate(url, { schema: SCHEMA, directory: fileURLToPath(ENGINE_MIGRATIONS), direction: 'up' })
  await migrate(url, { schema: 'bus', directory: fileURLToPath(BUS_MIGRATIONS), direction: 'up' })
  const options = { name: SCHEMA, url: watchful(url), schema: SCHEMA, sizeMax: SESSIONS_MAX }
  const observer = await openDatabase({ ...options, name: 'observer' })
  // Topics that are new may need a second try, which the sides do not make.
  await (await connect(engineDatabase(observer))).close()
  await observer.query('CREATE TABLE thing (id text PRIMARY KEY, amount int4 NOT NULL)')
  await observer.query('CREATE TABLE thing_entry (id text PRIMARY KEY, amount int4 NOT NULL)')
  const empty = await emptying(observer)
  const opened = new Map<Isolation, Promise<Opened>>()
  return {
    side: async (isolation) => {
      const one = opened.get(isolation) ?? open({ ...options, isolation })
      opened.set(isolation, one)
      const { database, links } = await one
      await observer.query(empty)
      return sideOf({ database, observer, links, ports: { stores: database.stores, rows, entries } })
    },
    end: async () => {
      for (const one of opened.values()) {
        const { database, links } = await one
        for (const link of links) await link.close()
        await database.close()
      }
      await observer.close()
      await drop()
    },
  }
}

interface Opened {
  readonly database: EngineDatabase
  /** One for each who acts: a link handles one batch after the other. */
  readonly links: readonly Link[]
}

async function open(options: DatabaseOptions): Promise<Opened> {
  const sql = await openDatabase(options)
  const database = engineDatabase({
    ...sql,
    transaction: (work, given) => sql.transaction(work, { ...given, triesMax: 1 }),
  })
  const links = await Promise.all(Array.from({ length: SESSIONS_MAX }, () => connect(database)))
  return { database, links }
}

function connect(database: EngineDatabase): Promise<Link> {
  // The model's readers fetch every batch, and here the log is emptied behind its readers.
  return sharedBus({ partitions: 1, isTrusting: false }).connect({
    service: SCHEMA,
    database,
    topics: TOPICS,
  })
}

/** Whoever connects is told of a deadlock at once. */
function watchful(url: string): string {
  const own = new URL(url)
  own.searchParams.set('options', `-c deadlock_timeout=${DEADLOCK_TIMEOUT}`)
  return own.href
}

/** One statement that deletes every row, and takes the log's heads and cursors back, the first topic's first. */
async function emptying(observer: Database): Promise<{ readonly name: string; readonly text: string }> {
  const { rows: tables } = await observer.query(
    `SELECT format('%I.%I', t.schemaname, t.tablename) AS name FROM pg_tables AS t
    WHERE t.schemaname IN ('${SCHEMA}', 'bus') AND t.tablename !~ 'migration|log_head|log_cursor'`,
  )
  const deletes = tables.map(({ name }, index) => `d${index} AS (DELETE FROM ${String(name)})`)
  const text = `WITH ${deletes.join(', ')},
    heads AS (UPDATE bus.log_head SET start_offset = 0, next_offset = 0)
    UPDATE bus.log_cursor
    SET next_offset = 0, advanced_at = timestamptz 'epoch' + right(topic, 1)::int4 * interval '1 second'`
  return { name: 'empty', text }
}

interface Parts {
  readonly database: EngineDatabase
  readonly observer: Database
  readonly links: readonly Link[]
  readonly ports: Omit<Ports, 'link'>
}

function sideOf({ database, observer, links, ports }: Parts): Side {
  const pids = new Map<Actor, number>()
  let count = 0
  const portsOfNext = (): Ports => {
    const link = links[count]
    if (link === undefined) throw new Error(`more than ${links.length} act`)
    count += 1
    return { ...ports, link }
  }
  return {
    actor: () => {
      const actor: Actor = new Actor({
        database,
        ports: portsOfNext(),
        begun: async (tx) => {
          const { rows: found } = await tx.query(PID)
          pids.set(actor, Number(found[0]?.['pid']))
        },
      })
      return actor
    },
    settle: (actors) => settle(actors, pids, observer),
    alone: async (calls) => {
      let answers: readonly string[] = []
      const [link] = links
      if (link === undefined) throw new Error('nobody acts')
      const work = database.transaction(
        async (tx) => {
          answers = await answersOf({ ...ports, link }, tx, calls)
        },
        { isEarly: true },
      )
      await work.catch(() => undefined)
      return answers
    },
    left: async () => {
      const outbox = await observer.query('SELECT o.id FROM ensemble_outbox AS o ORDER BY o.id')
      const appended = await observer.query('SELECT e.id, e.amount FROM thing_entry AS e ORDER BY e.id')
      const log = await observer.query(LOG)
      return {
        outbox: outbox.rows.map(({ id }) => id),
        entries: appended.rows.map(thingOf),
        log: log.rows.map(({ topic, entries: texts, next_offset: next }) =>
          shownLog(String(topic), texts as readonly string[], Number(next)),
        ),
      }
    },
  }
}

async function settle(
  actors: readonly Actor[],
  pids: ReadonlyMap<Actor, number>,
  observer: Database,
): Promise<void> {
  const pidOf = (actor: Actor): number => pids.get(actor) ?? 0
  for (let looks = 0; looks < LOOKS_MAX; looks += 1) {
    const failed = actors.filter(({ hasFailed }) => hasFailed)
    if (failed.length > 0 && (await areActive(failed.map(pidOf), observer))) continue
    const busy = actors.filter(({ isBusy }) => isBusy)
    if (busy.length === 0) return
    await Promise.race([Promise.all(busy.map((actor) => actor.answered())), systemClock.sleep(LOOK_EVERY_MS)])
    if (!busy.every(({ isBusy }) => isBusy)) continue
    const { rows: found } = await observer.query(WAITERS, [busy.map(pidOf)])
    const waiters = new Map(found.map((row) => [Number(row['pid']), row['blockers'] as readonly number[]]))
    const areSure = waiters.size === busy.length && found.every((row) => row['is_sure'] === true)
    const isStill = busy.every(({ isBusy }) => isBusy)
    if (areSure && isStill && [...waiters.keys()].every((pid) => !waitsForItself(pid, waiters))) return
  }
  throw new Error('a step neither ended nor waited')
}

/** A server says that a statement failed before it has taken the work back and let go of its locks. */
async function areActive(pids: readonly number[], observer: Database): Promise<boolean> {
  const { rows: active } = await observer.query(ACTIVE, [pids])
  return active.length > 0
}

function waitsForItself(pid: number, waiters: ReadonlyMap<number, readonly number[]>): boolean {
  const reached = new Set<number>()
  const queue = [...(waiters.get(pid) ?? [])]
  for (let next = queue.pop(); next !== undefined; next = queue.pop()) {
    if (next === pid) return true
    if (reached.has(next)) continue
    reached.add(next)
    queue.push(...(waiters.get(next) ?? []))
  }
  return false
}
