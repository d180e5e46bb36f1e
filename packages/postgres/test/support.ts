/** What the database tests share. */
import { setImmediate } from 'node:timers/promises'
import { DatabaseError, openDatabase } from '../src/index.ts'
import type { Database, DatabaseOptions } from '../src/index.ts'
import { freshDatabase } from '../src/testing.ts'

export interface Scene {
  readonly url: string
  /** Closed at the end with all others. */
  open(options?: Partial<DatabaseOptions>): Promise<Database>
  /** A session of its own, outside of the database under test. */
  readonly outside: Database
  end(): Promise<void>
}

export async function scene(name: string): Promise<Scene> {
  const { url, drop } = await freshDatabase(name)
  const opened: Database[] = []
  const open: Scene['open'] = async (options = {}) => {
    const database = await openDatabase({ name: 'order', url, ...options })
    opened.push(database)
    return database
  }
  const outside = await open({ name: 'outside', applicationName: 'outside' })
  return {
    url,
    open,
    outside,
    end: async () => {
      await Promise.all(opened.map((database) => database.close()))
      await drop()
    },
  }
}

/** The error itself where one is expected, so that a test can compare its data. */
export async function failureOf(promise: Promise<unknown>): Promise<DatabaseError> {
  try {
    await promise
  } catch (error) {
    if (error instanceof DatabaseError) return error
    throw error
  }
  throw new Error('expected a failure')
}

/** Asks again until the answer is yes: for what another process does in its own time. */
export async function until(isSo: () => Promise<boolean>): Promise<void> {
  for (let tries = 0; tries < 2_000; tries += 1) {
    if (await isSo()) return
  }
  throw new Error('never happened')
}

/**
 * After a session was seen to be gone: what its server said last has arrived, and is read within this turn of the loop.
 * Whoever sends before learns only that nobody is there, because a failed write closes the socket unread.
 */
export async function lastWords(): Promise<void> {
  await setImmediate()
}

export function signal(): { readonly raised: Promise<void>; raise(): void } {
  const { promise, resolve } = Promise.withResolvers<void>()
  return { raised: promise, raise: () => resolve() }
}

export async function rowsOf(database: Database, text: string): Promise<readonly unknown[]> {
  return (await database.query(text)).rows
}
