// Owns: what a storage outside can fail with, and how long anybody waits for it.
// I1: only what is surely about the words themselves is REFUSED. Everything else says that the storage cannot be used
// now: whoever records waits and asks again, so that nothing is lost to a full disk or a wrong password.
// I2: the batch's transaction is idle meanwhile, and its session would be ended after five seconds. What takes too long
// is a TIMEOUT, after which the consumer takes half as many messages.
import type { Clock } from '@ensemble/runtime'

export type StorageErrorCode = 'CONNECTION' | 'TIMEOUT' | 'REFUSED'

/** A history storage did not do what it was asked to. */
export class StorageError extends Error {
  override readonly name = 'StorageError'
  readonly code: StorageErrorCode

  constructor(code: StorageErrorCode, message: string, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause })
    this.code = code
  }
}

/** To reach a storage at all. */
export const CONNECT_MS_MAX = 3_000
/** Of everything that one batch asks of a storage. */
export const RECORD_MS_MAX = 4_000
/** Of one call; longer than a batch has, so that a slow storage is a TIMEOUT and the batch comes smaller. */
export const CALL_MS_MAX = 5_000

/** What fails in `work` is a StorageError with what was asked for in its words. */
export async function asking<T>(
  what: string,
  work: () => Promise<T>,
  isRefusal: (error: unknown) => boolean,
): Promise<T> {
  try {
    return await work()
  } catch (error) {
    if (error instanceof StorageError) throw error
    const code = isRefusal(error) ? 'REFUSED' : 'CONNECTION'
    throw new StorageError(code, `${what}: ${error instanceof Error ? error.message : String(error)}`, error)
  }
}

/** Errors: TIMEOUT; what was begun goes on, which is harmless: the same facts are written again. */
export async function within<T>(clock: Clock, ms: number, work: Promise<T>): Promise<T> {
  const over = new AbortController()
  const late = clock.sleep(ms, over.signal).then(() => {
    if (over.signal.aborted) return work
    throw new StorageError('TIMEOUT', `the history storage took longer than ${ms} ms`)
  })
  try {
    return await Promise.race([work, late])
  } finally {
    over.abort()
    late.catch(() => undefined)
  }
}

/** Does `work` before its first use, and again after it has failed. */
export function prepared(work: () => Promise<void>): () => Promise<void> {
  let done: Promise<void> | undefined
  return async () => {
    done ??= work()
    try {
      await done
    } catch (error) {
      done = undefined
      throw error
    }
  }
}
