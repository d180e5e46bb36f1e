// Owns: a database with the engine's and the log's tables for the tests of this package.
import { fileURLToPath } from 'node:url'
import type { Message } from '@ensemble/core'
import type { OperationRow } from '@ensemble/runtime'
import { openDatabase } from '../src/database/database.ts'
import type { DatabaseOptions } from '../src/database/database.ts'
import { engineDatabase } from '../src/engine.ts'
import type { EngineDatabase } from '../src/engine.ts'
import { migrate } from '../src/migrate/migrate.ts'
import { freshDatabase } from '../src/testing.ts'

export interface Kit {
  readonly url: string
  readonly database: EngineDatabase
  /** One more service, or one more instance, on the same database. */
  open(options?: Partial<DatabaseOptions>): Promise<EngineDatabase>
  end(): Promise<void>
}

const folder = (name: string): string => fileURLToPath(new URL(`../${name}`, import.meta.url))

/** On a server of the test run, or on a given one. */
export async function engineKit(name: string, adminUrl?: string): Promise<Kit> {
  const { url, drop } = await freshDatabase(name, adminUrl)
  await migrate(url, { schema: 'shop', directory: folder('migrations'), direction: 'up' })
  await logIn(url, 'bus')
  const opened: EngineDatabase[] = []
  const open = async (options: Partial<DatabaseOptions> = {}): Promise<EngineDatabase> => {
    const database = engineDatabase(await openDatabase({ name: 'shop', url, schema: 'shop', ...options }))
    opened.push(database)
    return database
  }
  return {
    url,
    database: await open(),
    open,
    end: async () => {
      for (const database of opened) await database.close()
      await drop()
    },
  }
}

/** The log's tables in this schema. */
export async function logIn(url: string, schema: string): Promise<void> {
  await migrate(url, { schema, directory: folder('migrations-bus'), direction: 'up' })
}

export function timer(topic: string, key: string, id: string): Message {
  return { type: 'timer', id, topic, key, name: 'tick', at: 1_700_000_000_000, data: null, saga: null }
}

export function timers(topic: string, count: number, key: (index: number) => string): readonly Message[] {
  return Array.from({ length: count }, (_, index) => timer(topic, key(index), `m${index}`))
}

/** One that waits for its outcome. */
export function operation(id: string): OperationRow {
  return {
    id,
    status: 'deferred',
    owner: 'order',
    key: 'k1',
    attempt: 1,
    origin: null,
    sent: null,
    wish: null,
    again: 0,
    dueAt: null,
    doubt: false,
    parked: null,
    version: 0,
  }
}
