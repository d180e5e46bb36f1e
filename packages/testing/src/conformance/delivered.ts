// Owns: reading what a bus delivered, for the scenes of transports and links.
import type { Message } from '@ensemble/core'
import type { Delivered } from '@ensemble/runtime'

export function decoded(delivered: readonly Delivered[]): Message[] {
  return delivered.map((one) => {
    if (!one.ok) throw new Error(`not decoded: ${one.reason}`)
    return one.message
  })
}

export function idsOf(delivered: readonly Delivered[]): string[] {
  return decoded(delivered).map(({ id }) => id)
}

/** Ids in order of arrival, by key. */
export function byKey(all: readonly Message[]): Record<string, string[]> {
  const keys: Record<string, string[]> = {}
  for (const { key, id } of all) (keys[key] ??= []).push(id)
  return keys
}
