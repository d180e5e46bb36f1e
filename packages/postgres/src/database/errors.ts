/**
 * Owns the one list of database error codes and the translation from the driver and from SQLSTATE.
 * I1: `message` is for people; callers decide by `code`, then `sqlState` and `constraint`.
 */
import { DatabaseError as ServerError } from 'pg'

export type DatabaseErrorCode =
  | 'SERIALIZATION'
  | 'DEADLOCK'
  | 'UNIQUE'
  | 'MOVED'
  /** The connection was lost after COMMIT was sent: it may or may not have happened. */
  | 'COMMIT_UNKNOWN'
  /** No connection, or lost. A statement outside a transaction that was under way may have happened. */
  | 'CONNECTION'
  /** A bound of the server (statement, lock, transaction, idle) or of the pool was reached. Nothing was committed. */
  | 'TIMEOUT'
  /** COMMIT answered ROLLBACK. */
  | 'ROLLED_BACK'
  /** Used after its end: a transaction that committed or rolled back, a database that was closed. */
  | 'ENDED'
  | 'SQL'

export interface DatabaseErrorDetail {
  readonly sqlState?: string | undefined
  readonly constraint?: string | undefined
  /** Name of the statement that failed. */
  readonly statement?: string | undefined
  readonly cause?: unknown
}

export class DatabaseError extends Error {
  override readonly name = 'DatabaseError'
  readonly code: DatabaseErrorCode
  readonly sqlState: string | undefined
  readonly constraint: string | undefined
  readonly statement: string | undefined

  constructor(code: DatabaseErrorCode, message: string, detail: DatabaseErrorDetail = {}) {
    super(message, detail.cause === undefined ? undefined : { cause: detail.cause })
    this.code = code
    this.sqlState = detail.sqlState
    this.constraint = detail.constraint
    this.statement = detail.statement
  }
}

const CODES: Readonly<Record<string, DatabaseErrorCode>> = {
  '40001': 'SERIALIZATION',
  '40P01': 'DEADLOCK',
  '23505': 'UNIQUE',
  // Our statements compute ln(0::numeric) when a row is not as it was read; nothing else in them can raise it.
  '2201E': 'MOVED',
  '40003': 'COMMIT_UNKNOWN',
  '08007': 'COMMIT_UNKNOWN',
  // CockroachDB: a transaction with DDL committed halfway.
  XXA00: 'COMMIT_UNKNOWN',
  '57014': 'TIMEOUT',
  '55P03': 'TIMEOUT',
  '25P03': 'TIMEOUT',
  '25P04': 'TIMEOUT',
  '57P05': 'TIMEOUT',
  '25P02': 'ROLLED_BACK',
  '57P01': 'CONNECTION',
  '57P02': 'CONNECTION',
  '57P03': 'CONNECTION',
  '53300': 'CONNECTION',
  '3D000': 'CONNECTION',
}

export function codeOfSqlState(sqlState: string): DatabaseErrorCode {
  const known = CODES[sqlState]
  if (known !== undefined) return known
  return sqlState.startsWith('08') || sqlState.startsWith('28') ? 'CONNECTION' : 'SQL'
}

/** After these the server has closed, or is closing, the session. */
const SESSION_ENDING = new Set(['25P03', '25P04', '57P01', '57P02', '57P03', '57P05'])

export function endsSession(error: DatabaseError): boolean {
  if (error.sqlState === undefined) return error.code === 'CONNECTION'
  return SESSION_ENDING.has(error.sqlState) || error.sqlState.startsWith('08')
}

/**
 * Whatever the driver threw, as a DatabaseError. What has no SQLSTATE came from the socket or the driver itself.
 * The server's detail quotes rows, which may be about people: it stays in the cause and out of the message.
 */
export function toDatabaseError(error: unknown, statement?: string): DatabaseError {
  if (error instanceof DatabaseError) return error
  if (error instanceof ServerError && error.code !== undefined) {
    const { code: sqlState, constraint, message } = error
    return new DatabaseError(codeOfSqlState(sqlState), message, {
      sqlState,
      constraint,
      statement,
      cause: error,
    })
  }
  const message = error instanceof Error ? error.message || error.name : String(error)
  return new DatabaseError('CONNECTION', message, { statement, cause: error })
}
