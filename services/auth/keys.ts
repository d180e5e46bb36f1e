// Owns: which key signs, which are published, and when the next one is due. Pure.
// I1: a key is published KEY_LEAD_MS before it signs, so that whoever keeps keys for less knows it by then.
// I2: a key stays published until the last token that it signed has ended.
import type { Time } from '@ensemble/core'
import { TOKEN_ALGORITHM } from '@ensemble/service/tokens'
import * as z from 'zod'

/** An RSA key as JSON (RFC 7517, RFC 7518 section 6.3). */
export const PrivateJwk = z.object({
  kty: z.literal('RSA'),
  kid: z.string(),
  alg: z.literal(TOKEN_ALGORITHM),
  use: z.literal('sig'),
  n: z.string(),
  e: z.string(),
  d: z.string(),
  p: z.string(),
  q: z.string(),
  dp: z.string(),
  dq: z.string(),
  qi: z.string(),
})
export type PrivateJwk = z.infer<typeof PrivateJwk>

export interface SigningKey {
  /** Counts up. */
  readonly generation: number
  readonly kid: string
  readonly jwk: PrivateJwk
  readonly signsFrom: Time
}

/** What of a key anybody may see. */
export function publicJwk({ jwk }: SigningKey): Pick<PrivateJwk, 'kty' | 'kid' | 'alg' | 'use' | 'n' | 'e'> {
  const { kty, kid, alg, use, n, e } = jwk
  return { kty, kid, alg, use, n, e }
}

export const KEY_LEAD_MS = 60_000
const KEY_SIGNS_MS = 30 * 86_400_000
/** Longer than any token lives. */
const KEY_LINGERS_MS = 3_600_000

export interface KeyPlan {
  readonly signing: SigningKey | undefined
  /** The signing one first. */
  readonly published: readonly SigningKey[]
  readonly ended: readonly SigningKey[]
  /** What the next one must say; undefined: none is due. */
  readonly next: Pick<SigningKey, 'generation' | 'signsFrom'> | undefined
}

/** `keys` newest first. `isWanted`: somebody wants a new one now. */
export function keyPlan(keys: readonly SigningKey[], now: Time, isWanted = false): KeyPlan {
  const [newest] = keys
  const signing = keys.find(({ signsFrom }) => signsFrom <= now)
  const isOver = (_: SigningKey, index: number): boolean => {
    const successor = keys[index - 1]
    return successor !== undefined && successor.signsFrom + KEY_LINGERS_MS <= now
  }
  const ended = keys.filter(isOver)
  const published = keys.filter((key) => key !== signing && !ended.includes(key))
  const isWaiting = newest !== undefined && newest.signsFrom > now
  const isDue = newest === undefined || newest.signsFrom + KEY_SIGNS_MS - KEY_LEAD_MS <= now
  const signsFrom = newest === undefined ? now : now + KEY_LEAD_MS
  return {
    signing,
    published: signing === undefined ? published : [signing, ...published],
    ended,
    next:
      !isWaiting && (isDue || isWanted)
        ? { generation: (newest?.generation ?? 0) + 1, signsFrom }
        : undefined,
  }
}
