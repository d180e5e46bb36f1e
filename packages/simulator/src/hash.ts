// Owns: the hash by which two runs are compared: FNV-1a over 32-bit numbers.

export const HASH_START = 0x811c9dc5

export function mixed(hash: number, value: number): number {
  return Math.imul(hash ^ value, 0x01000193)
}

export function hexOf(hash: number): string {
  return (hash >>> 0).toString(16).padStart(8, '0')
}
