// Owns: what a host's orchestrator and starter hear in the transaction in which their own host says it: answers of its
// own handlers, and ends. Pure.
// I1: it goes over the bus all the same, marked with who has handled it: others read it, and its reader does nothing
// again.
// I2: what else it means to this host (an event that it follows, a turn) would be lost with the mark: then all of it is
// left to the bus. So are commands: their rows are locked in order, with those of the batch that brings them.
// I3: what is heard is plain JSON, as the bus would have brought it.
import { plain, type Message } from '@ensemble/core'
import { heardIn, type AdvanceWork } from './advance/signals.ts'
import type { Service } from './perform/work.ts'
import type { StartEnd } from './ports.ts'

interface Listeners {
  readonly service: Service
  readonly advance: unknown
  readonly starter: unknown
}

export class HeardAtHome {
  readonly advances: AdvanceWork[] = []
  readonly ends: StartEnd[] = []
  readonly #listeners: Listeners
  readonly #marked = new Set<Message>()

  constructor(listeners: Listeners) {
    this.#listeners = listeners
  }

  hear(messages: readonly Message[]): void {
    const { advance, starter, service } = this.#listeners
    for (const message of messages) {
      if (message.type === 'event' && advance !== null && !isForOthersHere(message, service))
        this.#take(message, heardIn(plain(message)))
      if (message.type === 'ended' && starter !== null && !service.follows.has(message.name)) {
        this.ends.push({ saga: message.saga, ...plain(message.end) })
        this.#marked.add(message)
      }
    }
  }

  marked(messages: readonly Message[]): readonly Message[] {
    if (this.#marked.size === 0) return messages
    const handledBy = this.#listeners.service.name
    return messages.map((message) => (this.#marked.has(message) ? { ...message, handledBy } : message))
  }

  #take(message: Message, works: readonly AdvanceWork[]): void {
    if (works.length === 0) return
    this.advances.push(...works)
    this.#marked.add(message)
  }
}

function isForOthersHere(
  { name, slip }: Extract<Message, { readonly type: 'event' }>,
  service: Service,
): boolean {
  return service.follows.has(name) || slip !== null
}
