// Owns: what the memory adapters throw, with the codes of the ports, so that the engine acts on them as on Postgres.
import type { DatabaseErrorCode } from '@ensemble/runtime'

export class MemoryError extends Error {
  override readonly name = 'MemoryError'
  readonly code: DatabaseErrorCode

  constructor(code: DatabaseErrorCode, message: string) {
    super(message)
    this.code = code
  }
}
