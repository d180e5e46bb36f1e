// Owns: the URL that a provider reports one attempt to, and the proofs that a report is a provider's. Pure.
// I1: its key is made for this provider and this attempt: who learns one can report about nothing else.
import { createHmac, createPublicKey, timingSafeEqual, verify } from 'node:crypto'

export interface Reported {
  readonly provider: string
  readonly attempt: string
}

export interface ReportTerms {
  readonly publicUrl: string
  readonly secret: string
}

export function reportUrlOf({ publicUrl, secret }: ReportTerms, { provider, attempt }: Reported): string {
  const key = keyOf(secret, { provider, attempt }).toString('base64url')
  return `${publicUrl}/v1/receiver/${provider}?attempt=${attempt}&key=${key}`
}

export function isKeyOf(secret: string, reported: Reported, key: string): boolean {
  const given = Buffer.from(key, 'base64url')
  const right = keyOf(secret, reported)
  return given.length === right.length && timingSafeEqual(given, right)
}

function keyOf(secret: string, { provider, attempt }: Reported): Buffer {
  return createHmac('sha256', secret)
    .update(JSON.stringify([provider, attempt]))
    .digest()
}

/** Signed: the time, then the body as it was sent. `key` as SendGrid shows it: DER in base64. */
export function isOfSendgrid(
  key: string,
  { signature, time, body }: { readonly signature: string; readonly time: string; readonly body: string },
): boolean {
  try {
    const publicKey = createPublicKey({ key: Buffer.from(key, 'base64'), format: 'der', type: 'spki' })
    return verify('sha256', Buffer.from(time + body), publicKey, Buffer.from(signature, 'base64'))
  } catch {
    return false
  }
}
