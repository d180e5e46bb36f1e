// Owns: real ids and chance. Ids are UUIDv7 (RFC 9562): sortable by time, so that new rows land at the end of
// an index.
import { randomBytes } from 'node:crypto'
import type { Clock, Ids } from './ports.ts'

export function systemIds(clock: Clock): Ids {
  return {
    next: () => uuidV7(clock.now(), randomBytes(10)),
    chance: () => randomBytes(6).readUIntBE(0, 6) / 2 ** 48,
  }
}

function uuidV7(now: number, random: Uint8Array): string {
  const time = now.toString(16).padStart(12, '0')
  const bits = Array.from(random, (byte) => byte.toString(16).padStart(2, '0')).join('')
  const variant = ((random[2] ?? 0) & 0x3f) | 0x80
  const clockPart = variant.toString(16).padStart(2, '0') + bits.slice(6, 8)
  return `${time.slice(0, 8)}-${time.slice(8, 12)}-7${bits.slice(1, 4)}-${clockPart}-${bits.slice(8, 20)}`
}
