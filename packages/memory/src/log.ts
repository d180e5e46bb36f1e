// Owns: the log behind both memory buses: topics of partitions, each group's positions, and who holds which partition.
// I1: messages of one key are in one partition, in the order they were appended.
// I2: a partition of a group is held by one holder at a time.
// I3: a position moves only from where its holder read it; freeing leaves it.
// I4: nothing is ever removed, so that a new group reads from the beginning.
import { pack, unpack } from '@ensemble/core'
import type { Message } from '@ensemble/core'
import { Room } from '@ensemble/runtime'
import type { Delivered } from '@ensemble/runtime'

/** What is appended as it is, decodable or not. */
export interface RawMessage {
  readonly topic: string
  readonly key: string
  readonly text: string
}

export interface Reader {
  readonly group: string
  readonly topics: readonly string[]
  readonly news: Set<(messages?: readonly Message[]) => void>
}

export interface Hold {
  readonly messages: readonly Delivered[]
  /** Moves the group's positions past the messages, unless the hold was freed before. */
  move(): void
  free(): void
}

interface Slice {
  readonly slot: string
  readonly from: number
  readonly to: number
}

interface Group {
  readonly positions: Map<string, number>
  readonly held: Set<string>
}

export class Log {
  readonly #partitionCount: number
  readonly #partitions = new Map<string, string[]>()
  readonly #groups = new Map<string, Group>()
  readonly #readers = new Set<Reader>()
  #turn = 0

  constructor(partitionCount: number) {
    if (!Number.isInteger(partitionCount) || partitionCount < 1)
      throw new RangeError('a topic has at least one partition')
    this.#partitionCount = partitionCount
  }

  append(messages: readonly Message[]): void {
    for (const message of messages)
      this.#push({ topic: message.topic, key: message.key, text: pack([message]) })
    for (const reader of this.#readers) {
      const own = messages.filter(({ topic }) => reader.topics.includes(topic))
      if (own.length > 0) tell(reader, own)
    }
  }

  appendRaw(raw: RawMessage): void {
    this.#push(raw)
    this.#tell((reader) => reader.topics.includes(raw.topic))
  }

  open(reader: Reader): void {
    this.#readers.add(reader)
  }

  close(reader: Reader): void {
    this.#readers.delete(reader)
  }

  /**
   * Takes up to `countMax` messages, no longer than a batch may be, of partitions that nobody in the group holds, with
   * another one first each time.
   */
  hold(reader: Reader, countMax: number): Hold | null {
    const group = this.#groupOf(reader.group)
    const slices: Slice[] = []
    const messages: Delivered[] = []
    const room = new Room(countMax)
    for (const at of this.#slotsInTurn(reader.topics)) {
      if (group.held.has(at.slot)) continue
      const texts = this.#partitions.get(at.slot) ?? []
      const from = group.positions.get(at.slot) ?? 0
      const to = from + room.takeFrom(texts.slice(from, from + countMax))
      if (to <= from) continue
      texts
        .slice(from, to)
        .forEach((text, index) => messages.push(delivered(text, { ...at, position: from + index })))
      slices.push({ slot: at.slot, from, to })
    }
    if (slices.length === 0) return null
    for (const { slot } of slices) group.held.add(slot)
    return this.#holdOf(reader, { group, slices, messages })
  }

  #holdOf(
    reader: Reader,
    what: { group: Group; slices: readonly Slice[]; messages: readonly Delivered[] },
  ): Hold {
    const { group, slices, messages } = what
    let isHeld = true
    return {
      messages,
      move: () => {
        if (!isHeld) return
        for (const { slot, to } of slices) group.positions.set(slot, to)
      },
      free: () => {
        if (!isHeld) return
        isHeld = false
        for (const { slot } of slices) group.held.delete(slot)
        // The one who gave them back knows; it would only spin.
        this.#tell((other) => other !== reader && other.group === reader.group)
      },
    }
  }

  #slotsInTurn(topics: readonly string[]): { slot: string; topic: string; partition: number }[] {
    const slots = topics.flatMap((topic) =>
      Array.from({ length: this.#partitionCount }, (_, partition) => ({
        slot: slotOf(topic, partition),
        topic,
        partition,
      })),
    )
    const start = this.#turn % Math.max(1, slots.length)
    this.#turn += 1
    return [...slots.slice(start), ...slots.slice(0, start)]
  }

  #push({ topic, key, text }: RawMessage): void {
    const slot = slotOf(topic, hash(key) % this.#partitionCount)
    const texts = this.#partitions.get(slot) ?? []
    texts.push(text)
    this.#partitions.set(slot, texts)
  }

  #groupOf(name: string): Group {
    const known = this.#groups.get(name)
    if (known !== undefined) return known
    const fresh: Group = { positions: new Map(), held: new Set() }
    this.#groups.set(name, fresh)
    return fresh
  }

  #tell(concerns: (reader: Reader) => boolean): void {
    for (const reader of this.#readers) if (concerns(reader)) tell(reader)
  }
}

function tell({ news }: Reader, messages?: readonly Message[]): void {
  for (const callback of news) queueMicrotask(() => callback(messages))
}

function slotOf(topic: string, partition: number): string {
  return `${topic}/${partition}`
}

function delivered(text: string, at: { topic: string; partition: number; position: number }): Delivered {
  const [unpacked] = unpack(text)
  const place = { topic: at.topic, partition: at.partition, position: String(at.position) }
  return { ...(unpacked ?? { ok: false, text, reason: 'an empty batch' }), ...place }
}

/** FNV-1a. */
function hash(text: string): number {
  let value = 0x811c9dc5
  for (let index = 0; index < text.length; index += 1)
    value = Math.imul(value ^ text.charCodeAt(index), 0x01000193)
  return value >>> 0
}
