// Owns: why a broker, or another server of one's own, cannot be had. I1: every message names the fix.

export type BrokerErrorCode = 'NO_JAVA' | 'NO_MAVEN' | 'NO_GO' | 'DOWNLOAD_FAILED' | 'START_FAILED'

export class BrokerError extends Error {
  override readonly name = 'BrokerError'
  readonly code: BrokerErrorCode

  constructor(code: BrokerErrorCode, message: string, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause })
    this.code = code
  }
}

const NOT_HERE: ReadonlySet<BrokerErrorCode> = new Set(['NO_JAVA', 'NO_MAVEN', 'NO_GO', 'DOWNLOAD_FAILED'])

/** Whether this machine lacks what a broker needs: then there is nothing to repair, only something to leave out. */
export function isBrokerUnavailable(error: unknown): error is BrokerError {
  return error instanceof BrokerError && NOT_HERE.has(error.code)
}
