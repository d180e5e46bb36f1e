/**
 * Owns one checked-out connection: sending, counting, and knowing whether it is still good. Does not own transactions.
 * I1: an error event of a client is always listened to, from its first moment on; unheard it would end the process.
 * I2: a connection that was lost or is inside a transaction is destroyed, never given back.
 * I3: values that cannot be encoded are refused here at once; the driver would say so only after COMMIT had left.
 */
import type { Duplex } from 'node:stream'
import type { Pool, PoolClient } from 'pg'
import type { Clock } from './clock.ts'
import { DatabaseError, endsSession, toDatabaseError } from './errors.ts'
import { outlivedPlans } from './replanning.ts'
import { travel } from './flight.ts'
import type { Answer } from './passenger.ts'
import { nameAt, type Seat } from './seat.ts'
import type { Statement } from './statement.ts'
import { textArray, textArraysOf } from './text-arrays.ts'
import type { Result } from './types.ts'

/** For tests: an error instead of sending the statement, or `lose`: sent, then the connection breaks. */
export type Fault = DatabaseError | 'lose'
export type FaultInjector = (statementName: string) => Fault | undefined

export interface Meter {
  readonly counts: Map<string, number>
  readonly fault: FaultInjector | undefined
}

export interface Source {
  readonly pool: Pool
  readonly name: string
  readonly meter: Meter
  /** Null where plans cannot be thrown away. */
  readonly replanning: Pick<Clock, 'now'> | null
}

export interface Connection {
  /** `seat`: whose plan of the statement it is. */
  send(statement: Statement | string, values: readonly unknown[], seat?: Seat): Promise<Result>
  /** BEGIN and its kin: counted by their own name. */
  control(name: string, text?: string): Promise<Answer>
  lost(): DatabaseError | undefined
  release(): void
}

const losses = new WeakMap<PoolClient, DatabaseError>()

/**
 * For every new client of a pool. The pool's own listener ends when a client is handed out, and one packet can hold
 * both that the session is ready and that the server ends it: whoever waits for the client has no turn in between.
 */
export function hearLosses(client: PoolClient): void {
  client.on('error', (error) => {
    if (!losses.has(client)) losses.set(client, toDatabaseError(error))
  })
}

/** Everything already written goes out first, so the server may well act on it. */
function loseAfterSending(stream: Duplex): void {
  stream.end(() => stream.destroy())
}

export async function checkOut(source: Source): Promise<Connection> {
  const { pool, meter, replanning } = source
  let client: PoolClient
  try {
    client = await pool.connect()
  } catch (error) {
    throw refusal(error, source)
  }
  if (replanning !== null && outlivedPlans(client, replanning.now())) discardPlans(client)
  return connectionOf(client, meter)
}

const DISCARD_PLANS = { name: null, text: 'DISCARD PLANS', values: [], isPlain: true, onSent: undefined }

/** Alone: what it may fail of is told by the statement for which the connection is taken, and is nobody else's. */
function discardPlans(client: PoolClient): void {
  travel(client, DISCARD_PLANS).catch(() => undefined)
}

function refusal(error: unknown, { pool, name }: Source): DatabaseError {
  if (pool.ending) return new DatabaseError('ENDED', `${name} is closed`, { cause: error })
  const known = toDatabaseError(error)
  const isFromServerOrSocket = known.sqlState !== undefined || (error instanceof Error && 'code' in error)
  if (isFromServerOrSocket || pool.totalCount < pool.options.max) return known
  const { max, connectionTimeoutMillis } = pool.options
  const message = `${name}: all ${max} connections stayed busy for ${connectionTimeoutMillis} ms`
  return new DatabaseError('TIMEOUT', message, { cause: error })
}

function isDriverRefusal(error: unknown): error is Error {
  return error instanceof Error && !('code' in error)
}

/** As the driver encodes it; an array's objects are encoded again there, within the array. */
function encoded(value: unknown): unknown {
  if (Array.isArray(value)) {
    for (const item of value) encoded(item)
    return value
  }
  if (typeof value !== 'object' || value === null) return value
  const isDrivers = value instanceof Date || ArrayBuffer.isView(value) || 'toPostgres' in value
  return isDrivers ? value : JSON.stringify(value)
}

function encodedAll(statement: Statement, isNamed: boolean, values: readonly unknown[]): unknown[] {
  const texts = isNamed ? textArraysOf(statement) : null
  try {
    return values.map((value, index) =>
      texts?.has(index) === true ? (textArray(value) ?? encoded(value)) : encoded(value),
    )
  } catch (cause) {
    const message = `a value cannot be encoded: ${cause instanceof Error ? cause.message : String(cause)}`
    throw new DatabaseError('SQL', message, { statement: statement.name, cause })
  }
}

function connectionOf(client: PoolClient, meter: Meter): Connection {
  let isDoubtful = false
  const lost = (): DatabaseError | undefined => losses.get(client)

  const transmit = async (
    statement: Statement,
    form: 'named' | 'plain' | 'control',
    values: readonly unknown[],
    seat?: Seat,
  ): Promise<Answer> => {
    meter.counts.set(statement.name, (meter.counts.get(statement.name) ?? 0) + 1)
    const fault = meter.fault?.(statement.name)
    if (fault !== undefined && fault !== 'lose') throw fault
    const { name, text } = statement
    const given = encodedAll(statement, form === 'named', values)
    const { stream } = client.connection
    const answer = travel(client, {
      name: form === 'named' ? nameAt(seat, name) : null,
      text,
      values: given,
      isPlain: form === 'plain' && given.length === 0,
      onSent: fault === 'lose' ? () => loseAfterSending(stream) : undefined,
    })
    try {
      return await answer
    } catch (error) {
      // The event of a lost connection comes before the failures of its statements; without it the driver itself
      // refused, a value that cannot be encoded, say, and what it thinks of its prepared statements may be wrong.
      const loss = lost()
      if (loss === undefined && isDriverRefusal(error)) {
        isDoubtful = true
        throw new DatabaseError('SQL', error.message, { statement: name, cause: error })
      }
      const failure = toDatabaseError(error, name)
      if (loss === undefined && endsSession(failure)) losses.set(client, failure)
      // What ended the session says more than "not queryable any more".
      throw failure.sqlState === undefined && loss !== undefined ? loss : failure
    }
  }

  return {
    send: async (statement, values, seat) => {
      const isNamed = typeof statement !== 'string'
      const { rows, count } = await transmit(
        isNamed ? statement : { name: 'SQL', text: statement },
        isNamed ? 'named' : 'plain',
        values,
        seat,
      )
      return { rows, count }
    },
    control: (name, text) =>
      transmit({ name, text: text ?? name }, text === undefined ? 'named' : 'control', []),
    lost,
    release: () => {
      const isClean = lost() === undefined && !isDoubtful && client.getTransactionStatus() === 'I'
      client.release(!isClean)
    },
  }
}
