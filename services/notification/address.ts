// Owns: one spelling for every address that a message can go to. Pure.
// I1: what cannot be an address is refused with a reason, never guessed or cut.
import { parsePhoneNumberFromString } from 'libphonenumber-js/min'

export const CHANNELS = ['sms', 'email', 'push'] as const
export type Channel = (typeof CHANNELS)[number]

/** Numbers without a country code are of this country: the system's customers write 08... */
const COUNTRY = 'ID'

/** E.164: at most fifteen digits, the country code never begins with 0. */
const E164 = /^\+[1-9]\d{6,14}$/

/** `081247930699`, `6281247930699` and `+6281247930699` are one number. Undefined when it is none. */
export function phoneOf(text: string): string | undefined {
  const trimmed = text.trim()
  const dialled = /^[+0]/.test(trimmed) ? trimmed : `+${trimmed}`
  // Another country's way to write +; here it would begin a number that nobody has.
  if (dialled.startsWith('00')) return undefined
  const parsed = parsePhoneNumberFromString(dialled, { defaultCountry: COUNTRY, extract: false })
  if (parsed?.isPossible() !== true) return undefined
  return E164.test(parsed.number) ? parsed.number : undefined
}

/** As messages are found by it: a phone number in one spelling, an e-mail address in lower case, a token as it is. */
export function receiverOf(text: string): string {
  const trimmed = text.trim()
  if (trimmed.includes('@')) return trimmed.toLowerCase()
  return phoneOf(trimmed) ?? trimmed
}
