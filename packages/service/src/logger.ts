// Owns: what an operator reads on the terminal: failures of requests and of the engine's loops, one line each.
// Does not own: metrics and traces, which subscribe to the same channels.
// I1: a database or a bus that is away is one line per service, and one when it is back, however much fails meanwhile.
// I2: any other line that comes again is said once a minute, whichever request it came of.
import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import type { ServerOptions } from '@ensemble/http'
import { KafkaError } from '@ensemble/kafka'
import type { Clock } from '@ensemble/runtime'

export type Say = (line: string) => void

const ERROR_CHANNEL = 'ensemble:error'
const LINE_LENGTH_MAX = 500
/** How often a database that is away is asked; it counts as back when nothing failed for as long. */
const LOOK_MS = 1_000
const SAME_LINE_MS = 60_000
/** Codes of what fails while a database is away or does not answer. */
const AWAY: ReadonlySet<unknown> = new Set(['CONNECTION', 'TIMEOUT', 'COMMIT_UNKNOWN'])

export interface Failure {
  readonly service: string
  /** Which loop, or which kind of problem. */
  readonly about: string
  readonly error: unknown
  /** Of the request that failed. */
  readonly requestId?: string | undefined
}

export interface Failures {
  hear(failure: Failure): void
  /** `ping` resolves when the service can use its database and the bus. */
  watch(service: string, ping: () => Promise<unknown>): void
  stop(): Promise<void>
}

export function sayFailures(say: Say, clock: Clock): Failures {
  const stopping = new AbortController()
  const { signal } = stopping
  const pings = new Map<string, () => Promise<unknown>>()
  const outages = new Map<string, Outage>()
  const said = new Map<string, { readonly line: string; readonly at: number }>()
  const untilBack = async (
    { service, away }: { readonly service: string; readonly away: string },
    ping: () => Promise<unknown>,
    outage: Outage,
  ): Promise<void> => {
    while (!signal.aborted) {
      const { count } = outage
      await clock.sleep(LOOK_MS, signal)
      const answers = await ping().then(
        () => true,
        () => false,
      )
      if (signal.aborted || !answers || outage.count !== count) continue
      outages.delete(service)
      say(`${service}: ${away} is back`)
      return
    }
  }
  return {
    hear: ({ service, about, error, requestId }) => {
      const what = `${about}: ${textOf(error)}`
      const ping = pings.get(service)
      if (ping !== undefined && isAway(error)) {
        const known = outages.get(service)
        if (known !== undefined) {
          known.count += 1
          return
        }
        const outage: Outage = { count: 1, over: Promise.resolve() }
        outages.set(service, outage)
        const away = awayOf(error)
        say(shortened(`${service}: ${away} is away; nothing more until it is back (${what})`))
        outage.over = untilBack({ service, away }, ping, outage)
        return
      }
      const line = shortened(`${service}: ${what}`)
      const key = `${service} ${about}`
      const last = said.get(key)
      const at = clock.now()
      if (last?.line === line && at - last.at < SAME_LINE_MS) return
      said.set(key, { line, at })
      say(requestId === undefined ? line : `${line} [request ${requestId}]`)
    },
    watch: (service, ping) => void pings.set(service, ping),
    stop: async () => {
      stopping.abort()
      await Promise.all([...outages.values()].map(({ over }) => over))
    },
  }
}

interface Outage {
  /** Failures since it began. */
  count: number
  over: Promise<void>
}

/** Hears failures of the loops of every host in this process until the answer is called. */
export function hearEngineErrors({ hear }: Pick<Failures, 'hear'>): () => void {
  const listen = (message: unknown): void => {
    const { service, detail, error } = fieldsOf(message)
    hear({ service: String(service), about: String(detail), error })
  }
  subscribe(ERROR_CHANNEL, listen)
  return () => void unsubscribe(ERROR_CHANNEL, listen)
}

type Logger = NonNullable<ServerOptions['logger']>

/** A logger for servers that says errors and keeps silent otherwise. */
export function errorLogger(service: string, { hear }: Pick<Failures, 'hear'>, requestId?: string): Logger {
  const silent = (): void => undefined
  const aloud = (about: unknown, text?: unknown): void => {
    const { err } = fieldsOf(about)
    hear({ service, about: typeof text === 'string' ? text : 'request', error: err ?? about, requestId })
  }
  const logger: Logger = {
    level: 'error',
    fatal: aloud,
    error: aloud,
    warn: silent,
    info: silent,
    debug: silent,
    trace: silent,
    silent,
    child: (bindings) => {
      const { reqId } = fieldsOf(bindings)
      return typeof reqId === 'string' ? errorLogger(service, { hear }, reqId) : logger
    },
  }
  return logger
}

function awayOf(error: unknown): string {
  return error instanceof KafkaError ? 'Kafka' : 'the database'
}

function isAway(error: unknown): boolean {
  if (!(error instanceof Error)) return false
  return AWAY.has(fieldsOf(error)['code']) || isAway(error.cause)
}

function shortened(line: string): string {
  return line.slice(0, LINE_LENGTH_MAX)
}

function textOf(error: unknown): string {
  if (!(error instanceof Error)) return JSON.stringify(error) ?? String(error)
  const { code } = fieldsOf(error)
  const known = typeof code === 'string' ? `${code} ` : ''
  const cause = error.cause === undefined ? '' : textOf(error.cause)
  // A translated error repeats the words of what it was made of.
  const isNew = cause !== '' && !cause.endsWith(error.message)
  return `${known}${error.message}${isNew ? ` (${cause})` : ''}`
}

function fieldsOf(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null ? Object.fromEntries(Object.entries(value)) : {}
}
