// Owns: what the suites share: a fresh world per scene, waiting without sleeping, codes of errors, a gate.
import { afterEach, beforeEach, vi } from 'vitest'

/** How long a real server may take until something that must come has come: a broker that starts on a busy machine. */
const WAIT_MS_MAX = 45_000
const LOOK_EVERY_MS = 5

export interface Closable {
  close(): Promise<void>
}

/** Opens a world before each scene and closes it after; the answer gives the scene's own. */
export function freshWorld<World extends Closable>(open: () => Promise<World>): () => World {
  let world: World | null = null
  beforeEach(async () => {
    world = await open()
  })
  afterEach(async () => {
    await world?.close()
    world = null
  })
  return () => {
    if (world === null) throw new Error('there is a world only inside a scene')
    return world
  }
}

/** Looks again until `look` answers something. */
export function until<T>(what: string, look: () => Promise<T | null> | T | null): Promise<T> {
  const attempt = async (): Promise<T> => {
    const found = await look()
    if (found === null) throw new Error(`still waiting for ${what}`)
    return found
  }
  return vi.waitFor(attempt, { timeout: WAIT_MS_MAX, interval: LOOK_EVERY_MS })
}

/** The stable code of what was thrown. */
export async function codeOf(work: Promise<unknown>): Promise<unknown> {
  try {
    await work
  } catch (error) {
    return error instanceof Error && 'code' in error ? error.code : error
  }
  return 'nothing was thrown'
}

export interface Gate {
  readonly passed: Promise<void>
  open(): void
}

export function gate(): Gate {
  const { promise, resolve } = Promise.withResolvers<undefined>()
  return { passed: promise, open: () => resolve(undefined) }
}

export function sorted(texts: Iterable<string>): string[] {
  return [...texts].sort()
}
