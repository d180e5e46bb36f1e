// Owns: what a host's orchestrator and starter hear in the transaction in which their own host says it: answers of its
// own handlers, and ends. Pure.
// I1: it goes over the bus all the same, marked with who has handled it: others read it, and its reader does nothing
// again.
// I2: what else it means to this host (it follows an event or an end, or observes it) would be lost with the mark: then
// it is left to the bus. So are commands: their rows are locked in order with those of their own batch.
// I3: what is heard is plain JSON, as the bus would have brought it.
import { plain, type Message } from '@ensemble/core'
import { heardIn, type AdvanceWork } from './advance/signals.ts'
import type { Service } from './perform/work.ts'
import type { StartEnd } from './ports.ts'

interface Listeners {
  readonly service: Service
  readonly advance: unknown
  readonly starter: unknown
  readonly observer: { readonly topics: readonly string[] } | null
}

export class HeardAtHome {
  readonly advances: AdvanceWork[] = []
  readonly ends: StartEnd[] = []
  readonly #listeners: Listeners
  readonly #onHeard: (() => void) | null
  readonly #marked = new Set<Message>()

  constructor(listeners: Listeners, onHeard: (() => void) | null) {
    this.#listeners = listeners
    this.#onHeard = onHeard
  }

  hear(messages: readonly Message[]): void {
    const { advance, starter } = this.#listeners
    for (const message of messages) {
      if (this.#meansMore(message)) continue
      if (message.type === 'event' && advance !== null) this.#take(message, heardIn(plain(message)))
      if (message.type === 'ended' && starter !== null) {
        this.ends.push({ saga: message.saga, ...plain(message.end) })
        this.#mark(message)
      }
    }
  }

  #meansMore(message: Message): boolean {
    const { service, observer } = this.#listeners
    if (observer?.topics.includes(message.topic) === true) return true
    return 'name' in message && service.follows.has(message.name)
  }

  marked(messages: readonly Message[]): readonly Message[] {
    if (this.#marked.size === 0) return messages
    const handledBy = this.#listeners.service.name
    return messages.map((message) => (this.#marked.has(message) ? { ...message, handledBy } : message))
  }

  #take(message: Message, works: readonly AdvanceWork[]): void {
    if (works.length === 0) return
    this.advances.push(...works)
    this.#mark(message)
  }

  #mark(message: Message): void {
    this.#marked.add(message)
    this.#onHeard?.()
  }
}
