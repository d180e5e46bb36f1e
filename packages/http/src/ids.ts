// Owns: ids. The random ones (the adapter of Ids) and the ones computed from an idempotency key.
import { createHash, randomUUID } from 'node:crypto'
import type { Ids } from './ports.ts'

export const systemIds: Ids = { uuid: () => randomUUID() }

// Any fixed UUID does; changing it would give new ids to old keys, so it never changes.
const NAMESPACE_OF_KEYS = '6f2f8f3e-5d0b-4c5e-9f5a-0c8f1f4b7a21'

/**
 * The id that work under an idempotency key has, the same in every process and for ever: a name-based UUID (version 5,
 * RFC 9562 section 5.5). `scope` keeps keys of different kinds of work apart, for example `POST /v1/order` and the
 * caller.
 */
export function idFromKey(scope: string, key: string): string {
  return uuidOfName(NAMESPACE_OF_KEYS, JSON.stringify([scope, key]))
}

export function uuidOfName(namespace: string, name: string): string {
  const seed = Buffer.from(namespace.replaceAll('-', ''), 'hex')
  const bytes = createHash('sha1').update(seed).update(name, 'utf8').digest().subarray(0, 16)
  bytes.writeUInt8((bytes.readUInt8(6) & 0x0f) | 0x50, 6)
  bytes.writeUInt8((bytes.readUInt8(8) & 0x3f) | 0x80, 8)
  const hex = bytes.toString('hex')
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join('-')
}
