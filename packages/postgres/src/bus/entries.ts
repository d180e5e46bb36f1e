// Owns: which partition a message goes to and how messages are packed into entries. Pure.
// I1: the partition of a key never changes for a number of partitions: what is stored was placed by it.
// I2: messages of one partition keep their order; `ahead` counts them up to and including an entry's last.
// I3: an entry is bounded in messages and in length, except for one message that is too long alone.
import type { Message } from '@ensemble/core'
import { pack } from '@ensemble/core'

export const ENTRY_MESSAGES_MAX = 500
/** CockroachDB wants a value below 1 MB; a character may take several bytes. */
export const ENTRY_LENGTH_MAX = 300_000

export interface Entry {
  readonly topic: string
  readonly partition: number
  readonly ahead: number
  readonly messages: readonly Message[]
  readonly text: string
}

const FNV_OFFSET = 0x811c9dc5
const FNV_PRIME = 0x01000193

/** FNV-1a over the key's UTF-16 units. */
export function partitionOf(key: string, partitionCount: number): number {
  let hash = FNV_OFFSET
  for (let index = 0; index < key.length; index += 1) {
    hash = Math.imul(hash ^ key.charCodeAt(index), FNV_PRIME)
  }
  // FNV's low bits alone spread short keys badly.
  return ((hash ^ (hash >>> 16)) >>> 0) % partitionCount
}

export function entriesOf(
  messages: readonly Message[],
  partitionCount: (topic: string) => number,
): readonly Entry[] {
  const places = new Map<string, { topic: string; partition: number; list: Message[] }>()
  for (const message of messages) {
    const { topic } = message
    const partition = partitionOf(message.key, partitionCount(topic))
    const place = places.get(`${partition} ${topic}`)
    if (place === undefined) places.set(`${partition} ${topic}`, { topic, partition, list: [message] })
    else place.list.push(message)
  }
  return [...places.values()].flatMap(({ topic, partition, list }) => {
    let ahead = 0
    return packs(list).map((packed) => {
      ahead += packed.messages.length
      return { topic, partition, ahead, ...packed }
    })
  })
}

function packs(list: readonly Message[]): readonly Pick<Entry, 'messages' | 'text'>[] {
  const text = list.length > ENTRY_MESSAGES_MAX ? null : pack(list)
  if (text !== null && (text.length <= ENTRY_LENGTH_MAX || list.length === 1))
    return [{ messages: list, text }]
  const middle = Math.ceil(list.length / 2)
  return [...packs(list.slice(0, middle)), ...packs(list.slice(middle))]
}
