// Owns: one text for equal JSON values, and the fingerprint of a request made of it.
// I1: key order never matters, array order always does.
import { createHash } from 'node:crypto'

export interface Fingerprinted {
  readonly method: string
  /** The path that was asked, with its query. */
  readonly path: string
  readonly body: unknown
  /** Only headers that change what is asked for; names in lower case. */
  readonly headers?: Readonly<Record<string, string | undefined>>
}

/** SHA-256 in hex over what makes two requests the same request. */
export function fingerprint({ method, path, body, headers = {} }: Fingerprinted): string {
  const text = canonicalJson({ method: method.toUpperCase(), path, body: body ?? null, headers })
  return createHash('sha256').update(text, 'utf8').digest('hex')
}

/**
 * JSON with sorted keys and no spaces (RFC 8785). What JSON cannot say and a schema may produce has a form of its own:
 * a date is its time, a bigint is tagged; members that are undefined are left out.
 */
export function canonicalJson(value: unknown): string {
  if (typeof value === 'bigint') return `{"$bigint":"${value}"}`
  if (value instanceof Date) return JSON.stringify(value)
  if (Array.isArray(value)) return `[${value.map(canonicalJson).join(',')}]`
  if (typeof value === 'object' && value !== null) {
    const members = Object.entries(value)
      .filter(([, member]) => member !== undefined)
      .sort(([left], [right]) => (left < right ? -1 : 1))
      .map(([key, member]) => `${JSON.stringify(key)}:${canonicalJson(member)}`)
    return `{${members.join(',')}}`
  }
  return JSON.stringify(value) ?? 'null'
}
