// Owns: one spelling for every address that a message can go to. Pure.
// I1: what cannot be an address is refused with a reason, never guessed or cut.

export const CHANNELS = ['sms', 'email', 'push'] as const
export type Channel = (typeof CHANNELS)[number]

/** Numbers without a country code are of this country: the system's customers write 08... */
const COUNTRY_CODE = '62'

/** E.164: at most fifteen digits, the country code never begins with 0. */
const E164 = /^\+[1-9]\d{6,14}$/

/** `081247930699`, `6281247930699` and `+6281247930699` are one number. Undefined when it is none. */
export function phoneOf(text: string): string | undefined {
  const digits = text.replaceAll(/[\s().-]/g, '')
  const number = digits.startsWith('+')
    ? digits
    : digits.startsWith('0')
      ? `+${COUNTRY_CODE}${digits.slice(1)}`
      : `+${digits}`
  return E164.test(number) ? number : undefined
}

/** As messages are found by it: a phone number in one spelling, an e-mail address in lower case, a token as it is. */
export function receiverOf(text: string): string {
  const trimmed = text.trim()
  if (trimmed.includes('@')) return trimmed.toLowerCase()
  return phoneOf(trimmed) ?? trimmed
}
