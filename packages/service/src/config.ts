// Owns: the settings of a process of the reference system, read from the environment and its arguments at
// start.
// I1: everything wrong is named at once, each with its variable and what to set instead.
// I2: nothing listens where others can reach it without a word about who may call.
import { spanMs, type Span } from '@ensemble/core'
import type { SagaPattern } from '@ensemble/http'
import type { KafkaOptions } from '@ensemble/kafka'
import * as z from 'zod'
import type { ConsulSettings } from './consul/member.ts'
import { readConsul } from './consul-config.ts'
import { readEdge, type EdgeSettings } from './edge-config.ts'
import { readHistory } from './history-config.ts'
import { readKafka, type Read } from './kafka-config.ts'
import type { HistoryConfig } from './module.ts'
import { readNotification, type NotificationSettings } from './notification-config.ts'
import { readTracing, type TracingSettings } from './tracing-config.ts'

/** Of each service one URL, a load balancer's or its only instance's, or one of each instance. */
export type PeerUrls = Readonly<Record<string, readonly string[]>>

/** What one process needs to know before it opens anything. */
export interface Environment {
  readonly host: string
  /** 0: a free one. */
  readonly port: number
  /** Folder of the embedded server. */
  readonly data: string
  readonly pattern: SagaPattern
  readonly paymentDueIn: Span
  readonly paymentReconcileEvery: Span
  readonly payLaterLimit: number
  /** The server to use instead of the embedded one, as somebody who may create databases and roles. */
  readonly databaseUrl: string | undefined
  /** A read endpoint of that server: a standby, or followers. */
  readonly databaseReadUrl: string | undefined
  /** One database per service and one for the bus, instead of one schema each in one database. */
  readonly separateDatabases: boolean
  /** Databases that were made by somebody else, by service; `bus` is the bus's. */
  readonly databaseUrls: Readonly<Record<string, string>>
  /** Read endpoints of those, where there are some. */
  readonly databaseReadUrls: Readonly<Record<string, string>>
  /** Where the instances of the other services listen, by service. */
  readonly peerUrls: PeerUrls
  /** Messages that a service may be behind before it says that it is not ready. */
  readonly lagCountMax: number
  /** The bus, when it is Kafka; else it is in a database. */
  readonly kafka: KafkaOptions | undefined
  /** What holds at the public origin. */
  readonly edge: EdgeSettings
  /** Where and how history is kept. */
  readonly history: HistoryConfig
  /** Who brings messages to people, and how. */
  readonly notification: NotificationSettings
  /** Where traces go; undefined: nothing is traced. */
  readonly tracing: TracingSettings | undefined
  /** Whether somebody said that everybody who reaches this may call. */
  readonly isOpen: boolean
  /** Who may call is asked of tokens; undefined: nobody is asked. */
  readonly auth: AuthSettings | undefined
}

export interface AuthSettings {
  /** The URL that callers use, which tokens name as where they are from. */
  readonly issuer: string
  /** Secret of the client `admin`, which may do everything; for the auth service. */
  readonly adminSecret: string | undefined
}

export interface Given {
  readonly env: Readonly<Record<string, string | undefined>>
  /** Arguments after the program's own. */
  readonly args?: readonly string[]
  /** Names of all services: each may have its own variables. */
  readonly services: readonly string[]
}

export class EnvironmentError extends Error {
  override readonly name = 'EnvironmentError'
  readonly code = 'ENVIRONMENT'
  readonly problems: readonly string[]

  constructor(problems: readonly string[]) {
    super(['the environment is not usable:', ...problems.map((problem) => `  - ${problem}`)].join('\n'))
    this.problems = problems
  }
}

const PORT_DEFAULT = 8080
const PAY_LATER_LIMIT_DEFAULT = 5_000_000
/** Seconds of work, not minutes: whoever is further behind does not keep up. */
export const LAG_COUNT_MAX_DEFAULT = 10_000
const SEPARATE_FLAG = '--separate-databases'
const BUS = 'bus'
const READS = 'DATABASE_READ_URL'

const Port = z.coerce.number().int().min(0).max(65_535)
const Count = z.coerce.number().int().min(1).max(Number.MAX_SAFE_INTEGER)
const Limit = z.coerce.number().int().min(0).max(Number.MAX_SAFE_INTEGER)
const DatabaseUrl = z.url({ protocol: /^postgres(?:ql)?$/ })
const HttpUrls = z
  .string()
  .transform((text) => text.split(',').map((one) => one.trim()))
  .pipe(z.array(z.url({ protocol: /^https?$/ })))
const Pattern = z.enum(['orchestration', 'choreography'])
const Switch = z.enum(['1', 'true', '0', 'false']).transform((word) => word === '1' || word === 'true')
const Due = z.custom<Span>((text) => typeof text === 'string' && isDue(text))
const Text = z.string()
/** A path of its own would put the discovery document where nobody looks. */
const Issuer = z.url({ protocol: /^https?$/ }).refine((text) => {
  const url = URL.parse(text)
  return url?.href === `${url?.origin}/`
})
const SECRET_LENGTH_MIN = 32
const Secret = z.string().min(SECRET_LENGTH_MIN).max(200)

/** Errors: EnvironmentError with every problem at once. */
export function readEnvironment({ env, args = [], services }: Given): Environment {
  const problems: string[] = []
  const read = reading(env, problems)
  const readEach = <T>(
    names: readonly string[],
    suffix: string,
    { schema, fix }: Kind<T>,
  ): Record<string, T> =>
    Object.fromEntries(
      names.flatMap((name) => {
        const value = read<T | undefined>(`${variableOf(name)}_${suffix}`, schema, undefined, fix)
        return value === undefined ? [] : [[name, value]]
      }),
    )
  const unknown = args.filter((argument) => argument !== SEPARATE_FLAG)
  for (const argument of unknown)
    problems.push(`${argument}: is not an option here; there is only ${SEPARATE_FLAG}`)
  const isSeparateFix = `set 1 or 0, or give ${SEPARATE_FLAG}`
  const environment: Environment = {
    host: read('HOST', Text, '127.0.0.1', 'set an address'),
    port: read('PORT', Port, PORT_DEFAULT, 'set a port from 0 (any free one) to 65535'),
    data: read('ENSEMBLE_DATA', Text, '.ensemble', 'set a folder'),
    pattern: read('SAGA_PATTERN', Pattern, 'orchestration', 'set orchestration or choreography'),
    ...readPayments(read),
    databaseUrl: read<string | undefined>('DATABASE_URL', DatabaseUrl, undefined, DATABASE_KIND.fix),
    databaseReadUrl: read<string | undefined>(READS, DatabaseUrl, undefined, DATABASE_KIND.fix),
    separateDatabases:
      read('SEPARATE_DATABASES', Switch, false, isSeparateFix) || args.includes(SEPARATE_FLAG),
    databaseUrls: readEach([...services, BUS], 'DATABASE_URL', DATABASE_KIND),
    databaseReadUrls: readEach(services, READS, DATABASE_KIND),
    peerUrls: readEach(services, 'URL', PEER_KIND),
    lagCountMax: read(
      'READY_LAG_MAX',
      Count,
      LAG_COUNT_MAX_DEFAULT,
      'set a whole number of messages from 1 on',
    ),
    kafka: readKafka(read, problems),
    edge: readEdge(read),
    history: readHistory(read, problems),
    notification: readNotification(read, problems),
    tracing: readTracing(read),
    isOpen: read(
      'AUTH',
      z.literal('open').transform(() => true),
      false,
      'set open, or leave it out',
    ),
    auth: readAuth(read),
  }
  problems.push(...readsAlone(environment), ...hostProblems(environment))
  if (problems.length > 0) throw new EnvironmentError(problems)
  return environment
}

/** Asked before everything else, because Consul may keep the rest. Errors: EnvironmentError. */
export function readConsulSettings(env: Given['env']): ConsulSettings | undefined {
  const problems: string[] = []
  const settings = readConsul(reading(env, problems), problems)
  if (problems.length > 0) throw new EnvironmentError(problems)
  return settings
}

function reading(env: Given['env'], problems: string[]): Read {
  return (name, schema, fallback, fix) => {
    const text = env[name]?.trim() ?? ''
    if (text === '') return fallback
    const result = schema.safeParse(text)
    if (result.success) return result.data
    problems.push(`${name}: '${shown(name, text)}' is not usable; ${fix}`)
    return fallback
  }
}

type Payments = Pick<Environment, 'paymentDueIn' | 'paymentReconcileEvery' | 'payLaterLimit'>

function readPayments(read: Read): Payments {
  return {
    paymentDueIn: read(
      'PAYMENT_DUE_IN',
      Due,
      '1d',
      'set a span with a unit, such as 3s, 10m or 1d, of 25d at most',
    ),
    paymentReconcileEvery: read(
      'PAYMENT_RECONCILE_EVERY',
      Due,
      '2m',
      'set a span with a unit, such as 30s or 2m, of 25d at most',
    ),
    payLaterLimit: read(
      'PAY_LATER_LIMIT',
      Limit,
      PAY_LATER_LIMIT_DEFAULT,
      'set a whole number of currency units',
    ),
  }
}

/** A read endpoint without what is written to would be left unused in silence. */
function readsAlone(environment: Environment): readonly string[] {
  const { databaseUrl, databaseReadUrl, databaseUrls, databaseReadUrls } = environment
  const alone = Object.keys(databaseReadUrls).filter((name) => databaseUrls[name] === undefined)
  const prefixes = alone.map((name) => `${variableOf(name)}_`)
  if (databaseReadUrl !== undefined && databaseUrl === undefined) prefixes.unshift('')
  return prefixes.map(
    (prefix) => `${prefix}${READS}: is the read endpoint of nothing; set ${prefix}DATABASE_URL too`,
  )
}

function readAuth(read: Read): AuthSettings | undefined {
  const fix = 'set the URL that callers use, without a path, such as https://shop.example'
  const issuer = read<string | undefined>('AUTH_ISSUER', Issuer, undefined, fix)
  const length = `set ${SECRET_LENGTH_MIN} to 200 random characters`
  const adminSecret = read<string | undefined>('AUTH_ADMIN_SECRET', Secret, undefined, length)
  return issuer === undefined ? undefined : { issuer: new URL(issuer).origin, adminSecret }
}

type Asking = Pick<Environment, 'host' | 'isOpen' | 'auth'>

function hostProblems({ host, isOpen, auth }: Asking): readonly string[] {
  if (isOpen && auth !== undefined)
    return ['AUTH: open says that nobody is asked, AUTH_ISSUER that everybody is; leave one of them out']
  if (isOpen || auth !== undefined || isLoopback(host)) return []
  return [
    `HOST: ${host} can be reached from other machines, and nobody would be asked who they are; ` +
      'set AUTH_ISSUER to the URL that callers use, so that they need tokens, ' +
      'or HOST=127.0.0.1, or AUTH=open when everybody who reaches it may call',
  ]
}

interface Kind<T> {
  readonly schema: z.ZodType<T>
  readonly fix: string
}

const DATABASE_KIND: Kind<string> = {
  schema: DatabaseUrl,
  fix: 'set a URL such as postgres://user:password@host:5432/name',
}
const PEER_KIND: Kind<readonly string[]> = {
  schema: HttpUrls,
  fix: 'set a URL such as http://127.0.0.1:8081, or several with commas between them',
}

/** The first part of a service's own variables: `ORDER` of `ORDER_DATABASE_URL`. */
export function variableOf(service: string): string {
  return service.toUpperCase().replaceAll('-', '_')
}

/** Shorter than what the engine remembers of an operation, or the money would come to one that it has forgotten. */
const DUE_MS_MAX = 25 * 86_400_000

function isDue(text: string): boolean {
  try {
    const ms = spanMs(text)
    return ms > 0 && ms <= DUE_MS_MAX
  } catch {
    return false
  }
}

const SECRET = /TOKEN|SECRET|PASSWORD|KEY|HEADERS|BODY/

/** URLs may hold passwords too. */
function shown(name: string, text: string): string {
  return SECRET.test(name) && !name.endsWith('_URL') ? '***' : text.replace(/^([a-z]+:\/\/)?.*@/i, '$1***@')
}

export function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || /^127(?:\.\d{1,3}){3}$/.test(host)
}
