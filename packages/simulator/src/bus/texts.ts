// Owns: what the texts on a bus say. Each is decoded once, however often it is read.
// I1: whoever reads a message has it frozen: nobody can change what another reader will see.
import { unpack, type Message } from '@ensemble/core'
import type { Delivered } from '@ensemble/runtime'

type Unpacked = ReturnType<typeof unpack>

/** Where a text stands in its log. */
interface At {
  readonly topic: string
  readonly partition: number
  readonly offset: number
}

export class Texts {
  readonly #read = new Map<string, Unpacked>()

  delivered(text: string, { topic, partition, offset }: At): readonly Delivered[] {
    return this.#of(text).map((one) => ({ ...one, topic, partition, position: String(offset) }))
  }

  messages(text: string): readonly Message[] {
    return this.#of(text).flatMap((one) => (one.ok ? [one.message] : []))
  }

  #of(text: string): Unpacked {
    const known = this.#read.get(text)
    if (known !== undefined) return known
    const read = frozen(unpack(text))
    this.#read.set(text, read)
    return read
  }
}

function frozen<T>(value: T): T {
  if (typeof value !== 'object' || value === null) return value
  for (const part of Object.values(value)) frozen(part)
  return Object.freeze(value)
}
