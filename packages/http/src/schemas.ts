// Owns: the zod schemas that every service's API shares.
// I1: 64-bit ids travel as decimal strings, because JSON numbers lose them beyond 2^53.
// I2: a list has an order of its own, a total and a bound; `page` is a page number, never a row offset.
import { z } from 'zod'

const ID64_MAX = 9_223_372_036_854_775_807n

/** A UUID of any version, in lower case, so that one id has one spelling. */
export const uuid = z.uuid().toLowerCase()

/** The path parameter of a single resource. */
export const uuidParam = z.object({ uuid })

/** A 64-bit row id as a string of digits. */
export const id64 = z.stringFormat('id64', /^(0|[1-9]\d{0,18})$/).refine((text) => BigInt(text) <= ID64_MAX, {
  error: 'is over the largest 64-bit id',
  params: { fix: `send at most ${ID64_MAX}` },
  when: ({ issues }) => issues.length === 0,
})

/** A time as in RFC 3339, with its offset. */
export const rfc3339 = z.iso.datetime({ offset: true })

export const LIMIT_DEFAULT = 20
export const LIMIT_MAX = 100

/** Far beyond what anybody pages to, and small enough that page times limit is an exact number. */
export const PAGE_MAX = 1_000_000

export const pagination = z.object({
  limit: z.coerce.number().int().min(1).max(LIMIT_MAX).default(LIMIT_DEFAULT),
  page: z.coerce.number().int().min(1).max(PAGE_MAX).default(1),
})

export type Pagination = z.output<typeof pagination>

/** Rows to skip before the asked page. */
export function offsetOf({ limit, page }: Pagination): number {
  return (page - 1) * limit
}

export interface ListEnvelope<Item> {
  status: 200
  meta: { limit: number; page: number; total: number }
  results: Item[]
}

/** The schema of a list's answer. */
export function listSchema<Item extends z.ZodType>(item: Item) {
  const count = z.number().int().nonnegative()
  return z.object({
    status: z.literal(200),
    meta: z.object({ limit: count, page: count, total: count }),
    results: z.array(item),
  })
}

/** A list's answer; `total` counts all rows that match, not the ones on this page. */
export function listEnvelope<Item>({ limit, page }: Pagination, found: Found<Item>): ListEnvelope<Item> {
  return { status: 200, meta: { limit, page, total: found.total }, results: [...found.results] }
}

export interface Found<Item> {
  readonly total: number
  readonly results: readonly Item[]
}

const fieldErrorSchema = z.object({
  field: z.string().describe('JSON pointer into the body, or path.<name>, query.<name>, header.<name>'),
  message: z.string(),
  fix: z.string().describe('What to send instead'),
})

/** The document of every error (RFC 9457). */
export const problemSchema = z
  .looseObject({
    type: z.string(),
    title: z.string(),
    status: z.number().int(),
    detail: z.string(),
    instance: z.string(),
    code: z.string().describe('Stable; the member that programs match'),
    request_id: z.string(),
    errors: z.array(fieldErrorSchema).optional(),
  })
  .meta({ id: 'Problem' })

export const PROBLEM_TYPE = 'application/problem+json'

interface ProblemResponse {
  description: string
  content: { [PROBLEM_TYPE]: { schema: typeof problemSchema } }
}

/** Members of a route's `response` for the problems it may answer: `{ 200: order, ...problems(404, 409) }`. */
export function problems<Status extends number>(
  ...statuses: readonly Status[]
): Record<Status, ProblemResponse>
export function problems(...statuses: readonly number[]): Record<number, ProblemResponse> {
  const response: ProblemResponse = {
    description: 'Problem details (RFC 9457)',
    content: { [PROBLEM_TYPE]: { schema: problemSchema } },
  }
  return Object.fromEntries(statuses.map((status) => [status, response]))
}
