// Owns: checking the parts of a request by zod and saying what is wrong in words that help.
// I1: nothing of the caller's values is echoed, only names, and those cut short.
// I2: a text with U+0000 passes no part: no database here can store it.
// I3: at most ERRORS_COUNT_MAX errors are named.
import type { FastifySchemaCompiler } from 'fastify'
import type { z } from 'zod'
import { badHeader, problem, unprocessable } from './problem.ts'
import type { FieldError, Problem } from './problem.ts'

/** More would not be read, and a body full of mistakes must not make a bigger answer. */
const ERRORS_COUNT_MAX = 20
const NAME_LENGTH_MAX = 64

export type Part = 'body' | 'path' | 'query' | 'header'

const PARTS: Readonly<Record<string, Part>> = {
  body: 'body',
  params: 'path',
  querystring: 'query',
  headers: 'header',
}

/** What a part of a request violates. The error handler turns it into a problem, as only it can see the request. */
export class Violation extends Error {
  override readonly name = 'Violation'
  readonly part: Part
  readonly errors: readonly FieldError[]

  constructor(part: Part, errors: readonly FieldError[]) {
    super(`${part} violates its schema`)
    this.part = part
    this.errors = errors
  }
}

export function problemOfViolation({ part, errors }: Violation, body: unknown): Problem {
  // Fastify hands an absent body to the schema as null; an empty body is not a wrong one.
  if (part === 'body' && body === undefined) return problem(400, 'body-empty', 'Send a JSON body.')
  const first = errors[0]
  if (part === 'header' && first !== undefined) {
    return badHeader(first.field.replace(/^header\./, ''), first.message, first.fix)
  }
  return unprocessable(errors)
}

export const validatorCompiler: FastifySchemaCompiler<z.ZodType> = ({ schema, httpPart }) => {
  const part = PARTS[httpPart ?? 'body'] ?? 'body'
  return (data: unknown) => {
    const nul = pathOfNul(data, [])
    if (nul !== undefined) return { error: new Violation(part, [nulError(part, nul)]) }
    const result = schema.safeParse(data)
    if (result.success) return { value: result.data }
    return { error: new Violation(part, errorsOf(part, result.error.issues, data)) }
  }
}

function errorsOf(part: Part, issues: readonly z.core.$ZodIssue[], data: unknown): readonly FieldError[] {
  return issues.flatMap((issue) => errorsOfIssue(part, issue, data)).slice(0, ERRORS_COUNT_MAX)
}

function errorsOfIssue(part: Part, issue: z.core.$ZodIssue, data: unknown): readonly FieldError[] {
  if (issue.code === 'unrecognized_keys') {
    return issue.keys.map((key) => ({
      field: fieldOf(part, [...issue.path, key]),
      message: 'is not known',
      fix: 'leave it out',
    }))
  }
  const field = fieldOf(part, issue.path)
  const missing = issue.path.length > 0 && valueAt(data, issue.path) === undefined
  return [{ field, message: missing ? 'is missing' : messageOf(issue), fix: fixOf(issue) }]
}

function messageOf(issue: z.core.$ZodIssue): string {
  switch (issue.code) {
    case 'invalid_type':
      return `is not ${withArticle(issue.expected)}`
    case 'too_small':
      return `is too ${sizeWord(issue.origin, 'short', 'small')}`
    case 'too_big':
      return `is too ${sizeWord(issue.origin, 'long', 'big')}`
    case 'invalid_format':
      return 'has the wrong form'
    case 'invalid_value':
      return 'is not one of the allowed values'
    case 'not_multiple_of':
      return `is not a multiple of ${issue.divisor}`
    case 'custom':
      return issue.message
    case 'invalid_union':
    case 'invalid_key':
    case 'invalid_element':
    case 'unrecognized_keys':
      return 'is not valid'
  }
}

function fixOf(issue: z.core.$ZodIssue): string {
  switch (issue.code) {
    case 'invalid_type':
      return `send ${withArticle(issue.expected)}`
    case 'too_small':
      return `send ${boundOf('at least', issue.minimum, issue.origin)}`
    case 'too_big':
      return `send ${boundOf('at most', issue.maximum, issue.origin)}`
    case 'invalid_format':
      return (
        FORMATS[issue.format] ?? (issue.pattern ? `match ${issue.pattern}` : `send a valid ${issue.format}`)
      )
    case 'invalid_value':
      return `send one of: ${issue.values.map(String).join(', ')}`
    case 'not_multiple_of':
      return `send a multiple of ${issue.divisor}`
    case 'custom':
      return typeof issue.params?.['fix'] === 'string' ? issue.params['fix'] : 'see the API page'
    case 'invalid_union':
    case 'invalid_key':
    case 'invalid_element':
    case 'unrecognized_keys':
      return 'see the API page'
  }
}

const FORMATS: Readonly<Record<string, string>> = {
  uuid: 'send a UUID such as 5f0c2a34-7a0e-4f0b-9a55-0d9f3a1c7e21',
  email: 'send an e-mail address',
  url: 'send a URL',
  datetime: 'send a time as in RFC 3339, such as 2024-03-01T09:30:00Z',
  date: 'send a date such as 2024-03-01',
  id64: 'send a 64-bit id as a string of digits',
}

const COUNTED: Readonly<Record<string, string>> = { string: ' characters', array: ' items', set: ' items' }

function sizeWord(origin: string, counted: string, measured: string): string {
  return origin in COUNTED ? counted : measured
}

function boundOf(words: string, bound: number | bigint, origin: string): string {
  const unit = COUNTED[origin] ?? ''
  return `${words} ${bound}${Number(bound) === 1 ? unit.replace(/s$/, '') : unit}`
}

function withArticle(type: string): string {
  if (type === 'int') return 'an integer'
  return `${/^[aeiou]/.test(type) ? 'an' : 'a'} ${type}`
}

function nulError(part: Part, path: readonly string[]): FieldError {
  return {
    field: fieldOf(part, path),
    message: 'holds the character U+0000',
    fix: 'leave that character out',
  }
}

/** RFC 6901 for the body, a dotted name for the rest. */
function fieldOf(part: Part, path: readonly PropertyKey[]): string {
  const names = path.map((name) => String(name).slice(0, NAME_LENGTH_MAX))
  if (names.length === 0) return part
  if (part !== 'body') return [part, ...names].join('.')
  return names.map((name) => `/${name.replaceAll('~', '~0').replaceAll('/', '~1')}`).join('')
}

function valueAt(data: unknown, path: readonly PropertyKey[]): unknown {
  return path.reduce<unknown>((at, name) => {
    if (typeof at !== 'object' || at === null) return undefined
    return Object.getOwnPropertyDescriptor(at, name)?.value
  }, data)
}

// The recursion is safe: the body's parser bounds the depth, the other parts have at most two levels.
function pathOfNul(data: unknown, path: readonly string[]): readonly string[] | undefined {
  if (typeof data === 'string') return data.includes('\0') ? path : undefined
  if (typeof data !== 'object' || data === null) return undefined
  for (const [key, value] of Object.entries(data)) {
    if (key.includes('\0')) return path
    const found = pathOfNul(value, [...path, key])
    if (found !== undefined) return found
  }
  return undefined
}
