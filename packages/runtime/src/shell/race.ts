// Owns: running again what lost a race (nothing in it has side effects before it commits), or whose answer was lost.
import { errorInfo } from '../errors.ts'

/** Codes after which the same work may simply be run again. */
export const RACES: ReadonlySet<string> = new Set(['SERIALIZATION', 'DEADLOCK', 'UNIQUE', 'MOVED'])

/** Enough for the other side of a race to have ended; more is contention that backoff has to answer. */
export const RACE_TRIES_MAX = 3

/** Runs `work`, and again while it loses races, at most RACE_TRIES_MAX times more. */
export async function rerun<T>(work: () => Promise<T>): Promise<T> {
  for (let tries = 0; ; tries += 1) {
    try {
      return await work()
    } catch (error) {
      if (tries >= RACE_TRIES_MAX || !RACES.has(errorInfo(error).code)) throw error
    }
  }
}

/** It may be done, its answer lost; or the server ended a transaction of a process that was stopped in the middle. */
const LOST: ReadonlySet<string> = new Set(['COMMIT_UNKNOWN', 'TIMEOUT'])

/** Registering twice is registering once: what may be done already, or was broken off, is done again. */
export async function onceMore<T>(register: () => Promise<T>): Promise<T> {
  try {
    return await register()
  } catch (error) {
    if (!LOST.has(errorInfo(error).code)) throw error
    return await register()
  }
}
