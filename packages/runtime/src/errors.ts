// Owns: the stable error codes of the durable shell. Nobody matches texts.

export type EnsembleErrorCode =
  | 'OPERATION_UNKNOWN'
  | 'OPERATION_SETTLED'
  | 'OUTCOME_IMPOSSIBLE'
  | 'CLAIM_TAKEN'
  | 'PLAN_UNKNOWN'
  | 'PLAN_CHANGED'
  | 'CONTRACT_UNKNOWN'
  | 'INPUT_INVALID'
  | 'SAGA_INPUT_INVALID'
  | 'SAGA_STARTED_DIFFERENTLY'
  | 'SAGA_UNKNOWN'
  | 'BATCH_NEEDS_TOO_MUCH'
  | 'HOST_STOPPED'
  | 'HOST_MISCONFIGURED'
  | 'TOO_OLD'
  | 'KILLS_WORKER'
  | 'MOVED'

/** An error of the engine with a stable code; `details` names fields and fixes where there are any. */
export class EnsembleError extends Error {
  readonly code: EnsembleErrorCode
  readonly details: readonly string[]

  constructor(code: EnsembleErrorCode, message: string, details: readonly string[] = []) {
    super(details.length === 0 ? message : `${message}: ${details.join('; ')}`)
    this.name = 'EnsembleError'
    this.code = code
    this.details = details
  }
}

/** Codes after which a database wants the whole transaction to be run again. */
export const RERUN: ReadonlySet<string> = new Set(['SERIALIZATION', 'DEADLOCK'])

/** The stable code of any thrown thing, for operation rows, dead letters and notes. */
export function errorInfo(error: unknown): { readonly code: string; readonly message: string } {
  if (!(error instanceof Error)) return { code: 'THROWN', message: String(error) }
  const code = 'code' in error && typeof error.code === 'string' ? error.code : error.name
  return { code, message: error.message }
}
