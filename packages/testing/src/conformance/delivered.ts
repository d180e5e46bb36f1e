// Owns: reading what a bus delivered, for the scenes of transports and links.
import type { Message } from '@ensemble/core'
import type { Delivered } from '@ensemble/runtime'
import { COPIES, firstCopies } from './copies.ts'

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

export function placeOf({ topic, partition, position }: Delivered): string {
  return `${topic}/${partition}/${position}`
}

/** Each message once, in order of arrival. Its copies are whole, beside each other, and nothing came twice. */
export function firsts(delivered: readonly Delivered[]): Delivered[] {
  if (onceEach(delivered).length < delivered.length)
    throw new Error(`something came twice: ${delivered.map(placeOf).join(', ')}`)
  return firstCopies(delivered, (one) => ({
    lane: JSON.stringify([one.topic, one.partition, one.ok ? one.message.key : null]),
    value: one.ok ? JSON.stringify(one.message) : one.text,
  }))
}

/** In order of arrival, without what came again. */
export function onceEach(delivered: readonly Delivered[]): Delivered[] {
  const places = new Set<string>()
  return delivered.filter((one) => {
    const place = placeOf(one)
    return !places.has(place) && places.add(place)
  })
}

/** Whether all copies of these came, again or not. */
export function isWhole(delivered: readonly Delivered[], ids: readonly string[]): boolean {
  const counts = new Map<string, number>()
  for (const id of idsOf(onceEach(delivered))) counts.set(id, (counts.get(id) ?? 0) + 1)
  return ids.every((id) => (counts.get(id) ?? 0) >= COPIES)
}
