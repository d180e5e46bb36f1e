// Owns: the stable codes of the Kafka bus, and reading the client library's errors.
// I1: CONNECTION says nothing about messages: the same request may be sent again later.
import { findErrorBy } from '@platformatic/kafka'

export type KafkaErrorCode =
  /** No broker answers, or not in time. */
  | 'CONNECTION'
  /** A broker does not accept who we say we are. */
  | 'AUTHENTICATION'
  /** Nothing was read for long while there was something to read; the consumer is made anew. */
  | 'STALLED'
  /** A topic that is there is not as the settings want it, or could not be made. */
  | 'TOPIC_UNFIT'
  | 'MESSAGE_TOO_LARGE'
  /** A broker refused for another reason; its word is in the message. */
  | 'KAFKA'
  | 'CLOSED'

export class KafkaError extends Error {
  override readonly name = 'KafkaError'
  readonly code: KafkaErrorCode

  constructor(code: KafkaErrorCode, message: string, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause })
    this.code = code
  }
}

const CODES: readonly (readonly [property: string, value: string, code: KafkaErrorCode])[] = [
  ['code', 'PLT_KFK_AUTHENTICATION', 'AUTHENTICATION'],
  ['apiId', 'SASL_AUTHENTICATION_FAILED', 'AUTHENTICATION'],
  ['apiId', 'MESSAGE_TOO_LARGE', 'MESSAGE_TOO_LARGE'],
  ['apiId', 'RECORD_LIST_TOO_LARGE', 'MESSAGE_TOO_LARGE'],
  ['code', 'PLT_KFK_NETWORK', 'CONNECTION'],
]

/** Answers of brokers that come back, or hand over to each other: soon the same request will do. */
const NOT_NOW = [
  'BROKER_NOT_AVAILABLE',
  'COORDINATOR_LOAD_IN_PROGRESS',
  'COORDINATOR_NOT_AVAILABLE',
  'FENCED_LEADER_EPOCH',
  'LEADER_NOT_AVAILABLE',
  'NETWORK_EXCEPTION',
  'NOT_COORDINATOR',
  'NOT_CONTROLLER',
  'NOT_ENOUGH_REPLICAS',
  'NOT_ENOUGH_REPLICAS_AFTER_APPEND',
  'NOT_LEADER_OR_FOLLOWER',
  'OFFSET_NOT_AVAILABLE',
  'REQUEST_TIMED_OUT',
  'UNKNOWN_LEADER_EPOCH',
]

/** `what` failed, in words that follow "cannot". */
export function kafkaError(what: string, error: unknown): KafkaError {
  if (error instanceof KafkaError) return error
  return new KafkaError(codeOf(error), `cannot ${what}: ${wordsOf(error)}`, error)
}

function codeOf(error: unknown): KafkaErrorCode {
  if (!(error instanceof Error)) return 'KAFKA'
  const found = CODES.find(([property, value]) => has(error, property, value))
  return found?.[2] ?? (isAnswer(error, ...NOT_NOW) ? 'CONNECTION' : 'KAFKA')
}

/** Whether the broker's answer, or one of several, is this one, e.g. `ILLEGAL_GENERATION`. */
export function isAnswer(error: unknown, ...apiIds: readonly string[]): boolean {
  return error instanceof Error && apiIds.some((id) => has(error, 'apiId', id))
}

function has(error: Error, property: string, value: string): boolean {
  return findErrorBy(error, property, value) !== null
}

/** The library wraps errors in errors; the innermost ones say what happened. */
function wordsOf(error: unknown): string {
  if (error instanceof AggregateError && error.errors.length > 0) {
    return [...new Set(error.errors.map((one: unknown) => wordsOf(one)))].join('; ')
  }
  return error instanceof Error ? error.message : String(error)
}
