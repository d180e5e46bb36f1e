// Owns: the one table from what can be thrown on the way of a request to the problem that answers it.
// I1: text of a foreign error never reaches the caller; it goes to the log.
// I2: errors are told apart by code, never by text.
import { STATUS_CODES } from 'node:http'
import { Problem, problem, retryLater } from './problem.ts'

/** A database that is away usually comes back by a failover, which takes seconds. */
const RETRY_AFTER_SECONDS = 2

const AWAY: ReadonlySet<string> = new Set(['CONNECTION', 'TIMEOUT'])

interface Answer {
  readonly status: number
  readonly code: string
  readonly detail: string
}

const FASTIFY: ReadonlyMap<string, Answer> = new Map([
  [
    'FST_ERR_CTP_INVALID_MEDIA_TYPE',
    { status: 415, code: 'unsupported-media-type', detail: 'Send application/json.' },
  ],
  [
    'FST_ERR_CTP_BODY_TOO_LARGE',
    { status: 413, code: 'body-too-large', detail: 'The body is over the size limit.' },
  ],
  [
    'FST_ERR_CTP_INVALID_JSON_BODY',
    { status: 400, code: 'body-malformed', detail: 'The body is not valid JSON.' },
  ],
  [
    'FST_ERR_CTP_INVALID_CONTENT_LENGTH',
    { status: 400, code: 'body-incomplete', detail: 'The body is not as long as Content-Length says.' },
  ],
  [
    'FST_ERR_BAD_URL',
    { status: 400, code: 'url-malformed', detail: 'The path holds a broken percent-encoding.' },
  ],
  [
    'FST_ERR_MAX_PARAM_LENGTH',
    { status: 414, code: 'url-too-long', detail: 'A part of the path is too long.' },
  ],
])

export function problemOf(error: unknown): Problem {
  if (error instanceof Problem) return error
  const code = textOf(error, 'code')
  if (code !== undefined && AWAY.has(code)) {
    return retryLater(RETRY_AFTER_SECONDS, 'The database cannot be reached now.', { cause: error })
  }
  const known = code === undefined ? undefined : FASTIFY.get(code)
  if (known !== undefined) return problem(known.status, known.code, known.detail, { cause: error })
  const status = code?.startsWith('FST_') ? statusOf(error) : undefined
  if (status !== undefined)
    return problem(status, codeOfStatus(status), 'The request was refused.', { cause: error })
  const detail = 'Something failed on our side. Quote the request id when you report it.'
  return problem(500, 'internal-error', detail, { cause: error })
}

function codeOfStatus(status: number): string {
  return (STATUS_CODES[status] ?? 'refused').toLowerCase().replaceAll(/[^a-z]+/g, '-')
}

/** The status of a framework's error; a plain 500 of the framework is as unexplained as anybody else's. */
function statusOf(error: unknown): number | undefined {
  if (typeof error !== 'object' || error === null || !('statusCode' in error)) return undefined
  const { statusCode } = error
  return typeof statusCode === 'number' && statusCode >= 400 && statusCode !== 500 && statusCode < 600
    ? statusCode
    : undefined
}

function textOf(error: unknown, member: 'code'): string | undefined {
  if (typeof error !== 'object' || error === null || !(member in error)) return undefined
  const value = error[member]
  return typeof value === 'string' ? value : undefined
}
