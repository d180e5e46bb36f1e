// Owns: what a statement raises when a row is not as it was read. Does not own the retry.
// I1: told by SQLSTATE alone: our statements compute `ln(0)`, and nothing else in them can raise that. Of a
// numeric: CockroachDB answers -Infinity for a float8.
import { DatabaseError } from '../database/errors.ts'

const LOGARITHM_OF_ZERO = '2201E'

export class MovedError extends Error {
  override readonly name = 'MovedError'
  readonly code = 'MOVED'
  /** The statement that found it. */
  readonly statement: string | undefined

  constructor(cause: DatabaseError) {
    super(`rows changed since they were read: ${cause.statement ?? 'a statement'}`, { cause })
    this.statement = cause.statement
  }
}

/** What to throw instead of `error`. */
export function orMoved(error: unknown): unknown {
  const isMoved = error instanceof DatabaseError && error.sqlState === LOGARITHM_OF_ZERO
  return isMoved ? new MovedError(error) : error
}
