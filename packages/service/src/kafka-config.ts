// Owns: the settings of the Kafka bus out of the environment.
// I1: a password or a token never shows in what is said about it.
import { readFileSync } from 'node:fs'
import { spanMs } from '@ensemble/core'
import { CONTENT_MODES, type KafkaOptions, type Sasl } from '@ensemble/kafka'
import * as z from 'zod'

/** Reads one variable; what is wrong with it is told with the fix, and the fallback stands for it. */
export type Read = <T>(name: string, schema: z.ZodType<T>, fallback: T, fix: string) => T

const BUSES = ['postgres', 'kafka'] as const
const MECHANISMS = ['PLAIN', 'SCRAM-SHA-256', 'SCRAM-SHA-512', 'OAUTHBEARER'] as const
const DAY_MS = 86_400_000
/** The engine forgets operations after this long. */
const RETENTION_MS_MAX = 30 * DAY_MS
const SESSION_MS_MIN = 6_000
const SESSION_MS_MAX = 60_000
const PARTITIONS_MAX = 1_000
const VALUE_BYTES_MIN = 600_000
const VALUE_BYTES_MAX = 100 * 1_048_576

const Brokers = z
  .string()
  .transform((text) => text.split(',').map((one) => one.trim()))
  .pipe(z.array(z.string().regex(/^(?:[^\s:,]+|\[[0-9a-fA-F:]+\]):\d{1,5}$/)).min(1))
const Prefix = z.string().regex(/^[\w.-]{0,100}$/)
const Switch = z.enum(['1', 'true', '0', 'false']).transform((word) => word === '1' || word === 'true')
const File = z.string().transform((path, context) => {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    context.addIssue('cannot be read')
    return z.NEVER
  }
})
const Text = z.string().optional()

function whole(min: number, max: number): z.ZodType<number | undefined> {
  return z.coerce.number().int().min(min).max(max).optional()
}

function span(msMin: number, msMax: number): z.ZodType<number | undefined> {
  return z
    .string()
    .transform((text, context) => {
      try {
        return spanMs(text)
      } catch {
        context.addIssue('is no span')
        return z.NEVER
      }
    })
    .pipe(z.number().min(msMin).max(msMax))
    .optional()
}

/** undefined unless the bus is Kafka. `problems` gets what cannot be said of one variable alone. */
export function readKafka(read: Read, problems: string[]): KafkaOptions | undefined {
  const bus = read('BUS', z.enum(BUSES), 'postgres', 'set postgres or kafka')
  if (bus !== 'kafka') return undefined
  const before = problems.length
  const brokers = read<readonly string[]>(
    'KAFKA_BROKERS',
    Brokers,
    [],
    'set hosts with ports, such as kafka-1:9092,kafka-2:9092',
  )
  if (brokers.length === 0 && problems.length === before)
    problems.push('KAFKA_BROKERS: is missing with BUS=kafka; set hosts with ports, such as kafka-1:9092')
  const given = {
    prefix: read<string | undefined>(
      'KAFKA_PREFIX',
      Prefix,
      undefined,
      'set letters, digits, dots, dashes and underscores',
    ),
    partitions: read('KAFKA_PARTITIONS', whole(1, PARTITIONS_MAX), undefined, `set 1 to ${PARTITIONS_MAX}`),
    replicas: read('KAFKA_REPLICAS', whole(1, 10), undefined, 'set 1 to 10, or leave it to the brokers'),
    retentionMs: read(
      'KAFKA_RETENTION',
      span(DAY_MS, RETENTION_MS_MAX),
      undefined,
      'set a span from 1d to 30d: the engine forgets operations after that',
    ),
    sessionTimeoutMs: read(
      'KAFKA_SESSION_TIMEOUT',
      span(SESSION_MS_MIN, SESSION_MS_MAX),
      undefined,
      'set a span from 6s to 60s',
    ),
    valueBytesMax: read(
      'KAFKA_VALUE_BYTES_MAX',
      whole(VALUE_BYTES_MIN, VALUE_BYTES_MAX),
      undefined,
      `set a number of bytes from ${VALUE_BYTES_MIN} on: a slip may be 500,000 letters`,
    ),
    contentMode: read(
      'KAFKA_CONTENT_MODE',
      z.enum(CONTENT_MODES).optional(),
      undefined,
      `set ${CONTENT_MODES.join(' or ')}`,
    ),
    tls: readTls(read),
    sasl: readSasl(read, problems),
  }
  return {
    brokers,
    ...Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined)),
  }
}

function readTls(read: Read): KafkaOptions['tls'] {
  const isOn = read('KAFKA_TLS', Switch, false, 'set 1 or 0')
  const pem = (name: string): string => read(name, File, '', 'set the path of a PEM file that can be read')
  const parts = { ca: pem('KAFKA_TLS_CA'), cert: pem('KAFKA_TLS_CERT'), key: pem('KAFKA_TLS_KEY') }
  const given = Object.entries(parts).filter(([, text]) => text !== '')
  return isOn || given.length > 0 ? Object.fromEntries(given) : undefined
}

function readSasl(read: Read, problems: string[]): Sasl | undefined {
  const mechanism = read<(typeof MECHANISMS)[number] | undefined>(
    'KAFKA_SASL',
    z.enum(MECHANISMS),
    undefined,
    `set ${MECHANISMS.join(', ')}`,
  )
  if (mechanism === undefined) return undefined
  const needed = (name: string): string => {
    const text = read(name, Text, undefined, 'set it')
    if (text === undefined) problems.push(`${name}: is missing with KAFKA_SASL=${mechanism}`)
    return text ?? ''
  }
  if (mechanism === 'OAUTHBEARER') return { mechanism, token: needed('KAFKA_TOKEN') }
  return { mechanism, username: needed('KAFKA_USERNAME'), password: needed('KAFKA_PASSWORD') }
}
