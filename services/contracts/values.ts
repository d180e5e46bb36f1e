// Owns: the small schemas that bodies, commands and rows are made of. The words for what violates them: @ensemble/http.
// I1: every schema gives plain JSON and is idempotent: a value that passed once passes again unchanged.
import { nameIn } from './lookups.ts'
import * as z from 'zod'

/** Whole currency units, twelve digits: payments add up exactly in a JavaScript number (2^53 has sixteen). */
export const AMOUNT_MAX = 999_999_999_999

const INT8_MAX = 9_223_372_036_854_775_807n

/** Half a character (a lone surrogate), which JSON may hold and no column can. */
const WHOLE = { error: 'holds half a character', params: { fix: 'leave that character out' } }

/** A trimmed text with at least one character. */
export function text(lengthMax: number): z.ZodString {
  return note(lengthMax).min(1)
}

/** A trimmed text that may be empty. */
export function note(lengthMax: number): z.ZodString {
  return z
    .string()
    .trim()
    .max(lengthMax)
    .refine((value) => value.isWellFormed(), WHOLE)
}

/** The bounds come before the kind, and end the check: `1e30` violates one maximum, not that of all integers too. */
function wholeFrom(least: number): z.ZodNumber {
  return z.number().min(least, { abort: true }).max(AMOUNT_MAX, { abort: true }).int()
}

/** In lower case, so that one id has one spelling. */
export const Uuid = z.uuid().toLowerCase()

/** A 64-bit row id as text: a JavaScript number cannot hold it. */
export const RowId = z
  .string()
  .regex(/^(?:0|[1-9]\d{0,18})$/, 'is not a 64-bit id, e.g. "545204885836038145"')
  .refine((digits) => BigInt(digits) <= INT8_MAX, {
    error: 'is over the largest 64-bit id',
    params: { fix: `send at most ${INT8_MAX}` },
    when: ({ issues }) => issues.length === 0,
  })

/** An id that a lookup has; any other is refused by naming those that it has. */
export function idIn(lookup: Readonly<Record<string, string>>) {
  return RowId.refine((id) => nameIn(lookup, id) !== undefined, {
    error: 'is not a known id',
    params: {
      fix: `send ${Object.entries(lookup)
        .map(([name, id]) => `"${id}" (${name})`)
        .join(' or ')}`,
    },
    when: ({ issues }) => issues.length === 0,
  })
}

export const Email = z.email().max(100)

const HANDPHONE = /^(?:\+\d{7,13}|\d{7,14})$/

/** Digits with an optional `+`, at most 14 characters: `+6281247930699`, `6281247930699` or `081247930699`. */
export const Handphone = z
  .string()
  .trim()
  // Not `.regex`, whose fix would be the expression itself.
  .refine((text) => HANDPHONE.test(text), {
    error: 'is not a phone number',
    params: { fix: 'send digits with an optional +, 7 to 14 characters, such as +6281247930699' },
  })
  .meta({ pattern: HANDPHONE.source, examples: ['+6281247930699'] })

const USERNAME = /^[a-z0-9][a-z0-9._@+-]{0,99}$/

/** In lower case and in ASCII, so that one name has one spelling and no other looks like it. */
export const Username = z
  .string()
  .trim()
  .toLowerCase()
  .refine((name) => USERNAME.test(name), {
    error: 'is not a username',
    params: { fix: 'send 1 to 100 letters, digits or ._@+- that begin with a letter or digit, such as maya' },
  })
  .meta({ pattern: USERNAME.source, examples: ['maya'] })

/** As typed: never trimmed. */
function password(lengthMin: number) {
  return z
    .string()
    .min(lengthMin)
    .max(128)
    .refine((text) => text.isWellFormed(), WHOLE)
    .meta({ format: 'password' })
}

/** Nothing but length is asked of a new password (NIST SP 800-63B, section 5.1.1.2). */
export const NewPassword = password(8)

/** One that is checked: it may be older than the rule for new ones. */
export const Password = password(1)

/** Zero or more whole currency units. */
export const Amount = wholeFrom(0)

/** One or more whole currency units. */
export const AmountPaid = wholeFrom(1)

/** An amount as orders carry it: a string holding a whole number. */
export const AmountText = z.string().regex(/^\d{1,12}$/, 'is not a string of 1 to 12 digits, e.g. "100000"')

/** A moment as rows show it: RFC 3339 in UTC. */
export const Moment = z.iso.datetime()

export function momentOf(time: number): string {
  return new Date(time).toISOString()
}
