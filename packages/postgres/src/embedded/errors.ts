/** Owns the error codes of the embedded server. I1: every message names the fix. */

export type EmbeddedErrorCode =
  | 'UNSUPPORTED_PLATFORM'
  | 'DIRECTORY_IN_USE'
  | 'DIRECTORY_NOT_READABLE'
  | 'NOT_A_DIRECTORY'
  | 'BINARIES_BROKEN'
  | 'NO_ACCOUNT'
  | 'PORT_IN_USE'
  | 'START_FAILED'
  | 'STOP_FAILED'

export class EmbeddedError extends Error {
  override readonly name = 'EmbeddedError'
  readonly code: EmbeddedErrorCode

  constructor(code: EmbeddedErrorCode, message: string, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause })
    this.code = code
  }
}
