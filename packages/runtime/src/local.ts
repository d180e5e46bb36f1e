// Owns: what a host hears and does in the transaction in which it says it to itself: answers and ends, the commands of
// its orchestrator, the first step of its starter, the turn that passes from one of its steps to the next. Pure.
// I1: it goes over the bus all the same, marked with who has handled it: others read it, and its reader does nothing
// again.
// I2: what else it means to this host (it follows an event or an end, or observes it) would be lost with the mark: then
// it is left to the bus. So is what a transaction handler does: its SQL locks rows in an order of its own.
// I3: what is heard is plain JSON, as the bus would have brought it.
import { plain, type Message } from '@ensemble/core'
import { heardIn, type AdvanceWork } from './advance/signals.ts'
import { worksOf, type RunWork, type Service, type Work } from './perform/work.ts'
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
  readonly #onHome: (() => void) | null
  readonly #marked = new Set<Message>()

  /** Nothing is heard where `onHome` is null. */
  constructor(listeners: Listeners, onHome: (() => void) | null) {
    this.#listeners = listeners
    this.#onHome = onHome
  }

  hear(messages: readonly Message[]): void {
    if (this.#onHome === null) return
    const { advance, starter } = this.#listeners
    for (const message of messages) {
      if (this.#meansMore(message)) continue
      if (message.type === 'event' && advance !== null) this.#take(message, heardIn(plain(message)))
      if (message.type === 'ended' && starter !== null) {
        this.ends.push({ saga: message.saga, ...plain(message.end) })
        this.mark(message)
      }
    }
  }

  /** What these ask of the own service, to be done now. */
  asked(messages: readonly Message[]): readonly RunWork[] {
    return messages.flatMap((message) => {
      const works = this.worksOf(message)
      if (works.length > 0) this.mark(message)
      return works
    })
  }

  /** The same of one, which is marked when it has been done. */
  worksOf(message: Message): readonly RunWork[] {
    if (this.#onHome === null || !this.#isAsked(message) || this.#meansMore(message)) return []
    try {
      return worksOf(this.#listeners.service, plain(message)).filter(isDoneAtHome)
    } catch {
      // It is set aside when the bus brings it.
      return []
    }
  }

  mark(message: Message): void {
    this.#marked.add(message)
    this.#onHome?.()
  }

  marked(messages: readonly Message[]): readonly Message[] {
    if (this.#marked.size === 0) return messages
    const handledBy = this.#listeners.service.name
    return messages.map((message) => (this.#marked.has(message) ? { ...message, handledBy } : message))
  }

  #isAsked(message: Message): boolean {
    const { name } = this.#listeners.service
    if (message.type === 'command') return message.ask.participant === name
    if (message.type !== 'event' && message.type !== 'start') return false
    return message.slip?.ask.participant === name && message.again === 0
  }

  #meansMore(message: Message): boolean {
    const { service, observer } = this.#listeners
    if (observer?.topics.includes(message.topic) === true) return true
    return 'name' in message && service.follows.has(message.name)
  }

  #take(message: Message, works: readonly AdvanceWork[]): void {
    if (works.length === 0) return
    this.advances.push(...works)
    this.mark(message)
  }
}

function isDoneAtHome(work: Work): work is RunWork {
  return work.do === 'run' && work.handler.form !== 'transaction'
}
