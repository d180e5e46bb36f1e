// Owns: the stable codes of the Kafka bus, and reading the client library's errors.
// I1: CONNECTION says nothing about messages: the same request may be sent again later.
// I2: the library wraps errors in errors, as one of several or as a cause; the innermost say what happened.

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

type Sign = readonly [property: 'code' | 'apiId', value: string, code: KafkaErrorCode]

/** Of the innermost errors: who could not be asked for his name because nobody was there is no stranger. */
const REASONS: readonly Sign[] = [
  ['code', 'PLT_KFK_AUTHENTICATION', 'AUTHENTICATION'],
  ['apiId', 'SASL_AUTHENTICATION_FAILED', 'AUTHENTICATION'],
  ['apiId', 'MESSAGE_TOO_LARGE', 'MESSAGE_TOO_LARGE'],
  ['apiId', 'RECORD_LIST_TOO_LARGE', 'MESSAGE_TOO_LARGE'],
]
const NETWORK = 'PLT_KFK_NETWORK'
const DEPTH_MAX = 10

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
  const innermost = innermostOf(error)
  const found = REASONS.find(([property, value]) => innermost.some((one) => one[property] === value))
  if (found !== undefined) return found[2]
  const isAway = withinOf(error).some(({ code }) => code === NETWORK) || isAnswer(error, ...NOT_NOW)
  return isAway ? 'CONNECTION' : 'KAFKA'
}

/** Whether the broker's answer, or one of several, is this one, e.g. `ILLEGAL_GENERATION`. */
export function isAnswer(error: unknown, ...apiIds: readonly string[]): boolean {
  return withinOf(error).some(({ apiId }) => apiIds.some((id) => id === apiId))
}

/** What the library, or Node, adds to an error. */
type Told = Error & { readonly code?: unknown; readonly apiId?: unknown }

/** The errors that this one stands for, one deeper. */
function belowOf(error: Error): readonly Error[] {
  const several: readonly unknown[] = error instanceof AggregateError ? error.errors : []
  return [...several, error.cause].filter((one) => one instanceof Error)
}

function withinOf(error: unknown, depth = 0): readonly Told[] {
  if (!(error instanceof Error) || depth > DEPTH_MAX) return []
  return [error, ...belowOf(error).flatMap((one) => withinOf(one, depth + 1))]
}

function innermostOf(error: unknown): readonly Told[] {
  return withinOf(error).filter((one) => belowOf(one).length === 0)
}

/** What failed, and the reason of that. */
function wordsOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  if (error instanceof AggregateError && error.errors.length > 0) {
    return [...new Set(error.errors.map((one: unknown) => wordsOf(one)))].join('; ')
  }
  const reasons = new Set(innermostOf(error).map(({ message }) => message))
  reasons.delete(error.message)
  return reasons.size === 0
    ? error.message
    : `${error.message.replace(/\.$/, '')}: ${[...reasons].join('; ')}`
}
