// Owns: problem details (RFC 9457): the error that routes throw and the document that callers get.
// Not here: turning other people's errors into problems (faults.ts).
// I1: `code` is stable and what programs match; `detail` is for people and never holds internals.
// I2: standard members win over extension members of the same name.

/** One thing wrong in a request: where it is, what is wrong, and what to send instead. */
export interface FieldError {
  /** A JSON pointer into the body (`/email`; `body` for all of it), `path.<name>`, `query.<name>`, `header.<name>`. */
  readonly field: string
  readonly message: string
  readonly fix: string
}

export interface ProblemExtra {
  /** Extension members of the document. */
  readonly members?: Readonly<Record<string, unknown>>
  readonly headers?: Readonly<Record<string, string>>
  /** For the log only. */
  readonly cause?: unknown
}

export class Problem extends Error {
  override readonly name = 'Problem'
  readonly status: number
  readonly code: string
  readonly detail: string
  readonly members: Readonly<Record<string, unknown>>
  readonly headers: Readonly<Record<string, string>>

  constructor(status: number, code: string, detail: string, extra: ProblemExtra = {}) {
    super(`${code}: ${detail}`, { cause: extra.cause })
    this.status = status
    this.code = code
    this.detail = detail
    this.members = extra.members ?? {}
    this.headers = extra.headers ?? {}
  }
}

/** A problem to throw in a route: `throw problem(403, 'role-missing', 'Only operators may do that.')`. */
export function problem(status: number, code: string, detail: string, extra?: ProblemExtra): Problem {
  return new Problem(status, code, detail, extra)
}

export function notFound(code: string, detail: string, extra?: ProblemExtra): Problem {
  return problem(404, code, detail, extra)
}

export function conflict(code: string, detail: string, extra?: ProblemExtra): Problem {
  return problem(409, code, detail, extra)
}

/** 422: the request is well formed and says something that cannot be. */
export function unprocessable(errors: readonly FieldError[]): Problem {
  const first = errors[0]
  const detail = first === undefined ? 'The request cannot be processed.' : `${first.field} ${first.message}.`
  return problem(422, 'invalid-request', detail, { members: { errors } })
}

/** 409 with Retry-After: what this request needs is on its way but not there yet. */
export function tooEarly(code: string, detail: string, seconds: number): Problem {
  return conflict(code, detail, { headers: retryAfter(seconds) })
}

/** 503 with Retry-After: nothing is wrong with the request, the service cannot take it now. */
export function retryLater(
  seconds: number,
  detail = 'The service cannot take this request now.',
  extra: ProblemExtra = {},
): Problem {
  const headers = { ...extra.headers, ...retryAfter(seconds) }
  return problem(503, 'retry-later', detail, { ...extra, headers })
}

/** 429 with Retry-After: nothing is wrong with the request, there were too many before it. */
export function tooMany(seconds: number): Problem {
  return problem(429, 'too-many-requests', 'There were too many calls; wait before the next one.', {
    headers: retryAfter(seconds),
  })
}

/** 400 that names the header. */
export function badHeader(name: string, message: string, fix: string): Problem {
  const errors: readonly FieldError[] = [{ field: `header.${name.toLowerCase()}`, message, fix }]
  return problem(400, 'invalid-header', `Header ${name} ${message}.`, { members: { header: name, errors } })
}

/** `Retry-After` in whole seconds, at least 1: 0 would ask for a busy loop. */
function retryAfter(seconds: number): Record<string, string> {
  return { 'retry-after': String(Math.max(1, Math.ceil(seconds))) }
}

export interface ProblemDocument {
  readonly type: string
  readonly title: string
  readonly status: number
  readonly detail: string
  readonly instance: string
  readonly code: string
  readonly [member: string]: unknown
}

/** The document of a problem. `instance` is the path that was asked, without its query, which may hold secrets. */
export function problemDocument(from: Problem, url: string, requestId: string): ProblemDocument {
  return {
    ...from.members,
    type: `urn:ensemble:problem:${from.code}`,
    title: titleOf(from.code),
    status: from.status,
    detail: from.detail,
    instance: url.split(/[?#]/, 1)[0] ?? '/',
    code: from.code,
    request_id: requestId,
  }
}

function titleOf(code: string): string {
  const words = code.replaceAll(/[-_]+/g, ' ').toLowerCase()
  return words.charAt(0).toUpperCase() + words.slice(1)
}
