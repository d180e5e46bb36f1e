// Owns: what an access token of this system is, for who issues one and who checks one.
import { createHash } from 'node:crypto'

/** The oldest that every OpenID client knows (RFC 7518); a token never chooses another. */
export const TOKEN_ALGORITHM = 'RS256'
/** RFC 9068. */
export const TOKEN_TYPE = 'at+jwt'
export const TOKEN_AUDIENCE = 'urn:ensemble:api'
export const CLOCK_SKEW_SECONDS = 5

/** What a name is called on the list of what is revoked: the list is public, so it holds no names. */
export function digestOf(name: string): string {
  return createHash('sha256').update(name).digest('base64url')
}
