// Owns: what an operator reads on the terminal: failures of requests and of the engine's loops, one line each.
// Does not own: metrics and traces, which subscribe to the same channels.
// I1: the same line is said once until another one comes, so that a database that is away does not fill the
// terminal.
import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import type { ServerOptions } from '@ensemble/http'

export type Say = (line: string) => void

const ERROR_CHANNEL = 'ensemble:error'
const LINE_LENGTH_MAX = 500

/** Hears failures of the loops of every host in this process until the answer is called. */
export function sayEngineErrors(say: Say): () => void {
  let last = ''
  const hear = (message: unknown): void => {
    const { service, detail, error } = fieldsOf(message)
    const line = `${String(service)}: ${String(detail)}: ${textOf(error)}`.slice(0, LINE_LENGTH_MAX)
    if (line !== last) say(line)
    last = line
  }
  subscribe(ERROR_CHANNEL, hear)
  return () => void unsubscribe(ERROR_CHANNEL, hear)
}

type Logger = NonNullable<ServerOptions['logger']>

/** A logger for servers that says errors and keeps silent otherwise. */
export function errorLogger(service: string, say: Say): Logger {
  const silent = (): void => undefined
  const aloud = (about: unknown, text?: unknown): void => {
    const { err } = fieldsOf(about)
    say(
      `${service}: ${typeof text === 'string' ? text : ''} ${textOf(err ?? about)}`.slice(0, LINE_LENGTH_MAX),
    )
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
    child: () => logger,
  }
  return logger
}

function textOf(error: unknown): string {
  if (!(error instanceof Error)) return JSON.stringify(error) ?? String(error)
  const { code } = fieldsOf(error)
  const known = typeof code === 'string' ? `${code} ` : ''
  return `${known}${error.message}${error.cause === undefined ? '' : ` (${textOf(error.cause)})`}`
}

function fieldsOf(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null ? Object.fromEntries(Object.entries(value)) : {}
}
