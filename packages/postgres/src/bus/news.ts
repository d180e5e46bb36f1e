// Owns: telling readers that a topic may have something new. Does not own delivery: news are hints, polling
// is the truth.
// I1: nobody waits for a notice: it goes out after the commit on the notice connection, at once or later (pace.ts).
// I2: one database of a process listens and speaks for all of them; the process ignores its own notices.
// I3: a process that is sure to be alone says nothing but that it is there. Who joins listens first and looks then, so
// that he misses nothing: what is kept from him he is told to look for when he is first heard.
import type { Message } from '@ensemble/core'
import { randomText, systemClock } from '../database/clock.ts'
import type { Clock } from '../database/clock.ts'
import { DatabaseError } from '../database/errors.ts'
import type { Database } from '../database/types.ts'
import type { Handed } from './inbox.ts'
import { Pace } from './pace.ts'
import { BEAT_MS, Presence } from './presence.ts'

type Speaker = Pick<Database, 'listen' | 'notify' | 'profile'>

/** Most transactions have ended by then. */
const COMMIT_MS = 5
/** PostgreSQL refuses payloads of 8000 bytes. */
const PAYLOAD_LENGTH_MAX = 4_000
const ANY_TOPIC = '*'

/** What was put on the log. */
export interface Said {
  readonly messages: readonly Message[]
  readonly handed: readonly Handed[]
}

/** Null where it is not known what was put on the log, so that one has to look. */
export type Hear = (said: Said | null) => void

interface Reader {
  readonly topics: ReadonlySet<string>
  readonly hear: Hear
}

export class News {
  readonly #channel: string
  readonly #clock: Clock
  readonly #origin = randomText(4)
  readonly #readers = new Set<Reader>()
  readonly #speakers: Speaker[] = []
  readonly #presence = new Presence()
  readonly #pace = new Pace()
  #unsaid: Set<string> | undefined
  #listening: { readonly by: Speaker; readonly end: () => Promise<void> } | undefined

  constructor(channel: string, clock: Clock = systemClock) {
    this.#channel = channel
    this.#clock = clock
  }

  async join(speaker: Speaker): Promise<void> {
    this.#speakers.push(speaker)
    await this.#listen()
  }

  async leave(speaker: Speaker): Promise<void> {
    const index = this.#speakers.indexOf(speaker)
    if (index >= 0) this.#speakers.splice(index, 1)
    if (this.#listening?.by !== speaker || this.#speakers.includes(speaker)) return
    const { end } = this.#listening
    this.#listening = undefined
    await end()
    await this.#listen()
  }

  on(topics: readonly string[], hear: Hear): () => void {
    const reader = { topics: new Set(topics), hear }
    this.#readers.add(reader)
    return () => void this.#readers.delete(reader)
  }

  /** After a commit. */
  say(topics: Iterable<string>, what: Said | null = null): void {
    const said = new Set(topics)
    this.#tell(said, what)
    if (this.#presence.isAlone(this.#clock.now())) return
    this.#pace.add(what?.messages.length ?? 1)
    this.#notify(said)
  }

  /** For what commits outside our sight: as soon as it may have. */
  async saySoon(topics: Iterable<string>): Promise<void> {
    await this.#clock.sleep(COMMIT_MS)
    this.say(topics)
  }

  #tell(topics: ReadonlySet<string>, said: Said | null): void {
    for (const { topics: own, hear } of this.#readers) {
      if (!topics.has(ANY_TOPIC) && ![...topics].some((topic) => own.has(topic))) continue
      const isOwn = ({ topic }: { readonly topic: string }): boolean => own.has(topic)
      if (said === null) hear(null)
      else hear({ messages: said.messages.filter(isOwn), handed: said.handed.filter(isOwn) })
    }
  }

  #notify(topics: Iterable<string>): void {
    if (!this.#speakers.some(({ profile }) => profile.canListen)) return
    if (this.#unsaid === undefined) {
      this.#unsaid = new Set(topics)
      void this.#notifySoon()
    } else for (const topic of topics) this.#unsaid.add(topic)
  }

  async #notifySoon(): Promise<void> {
    const waitMs = this.#pace.waitMs(this.#clock.now())
    if (waitMs > 0) await this.#clock.sleep(waitMs)
    this.#pace.told(this.#clock.now())
    const topics = [...(this.#unsaid ?? [])].join(' ')
    this.#unsaid = undefined
    const payload = `${this.#origin} ${topics.length > PAYLOAD_LENGTH_MAX ? ANY_TOPIC : topics}`
    const speaker = this.#speakers.find(({ profile }) => profile.canListen)
    await speaker?.notify(this.#channel, payload).catch(() => undefined)
  }

  async #listen(): Promise<void> {
    const by = this.#speakers.find(({ profile }) => profile.canListen)
    if (this.#listening !== undefined || by === undefined) return
    const ended = by.listen(this.#channel, (payload) => this.#hear(payload))
    const silence = new AbortController()
    const end = async (): Promise<void> => {
      silence.abort()
      await (
        await ended
      )()
    }
    // Set before it is there, so that who joins meanwhile does not listen too.
    this.#listening = { by, end }
    try {
      await ended
    } catch (error) {
      this.#listening = undefined
      throw error
    }
    void this.#beat(by, silence.signal)
  }

  /** Says that this process is there for as long as it listens. */
  async #beat(by: Speaker, silenced: AbortSignal): Promise<void> {
    while (!silenced.aborted) {
      const isClosed = await by.notify(this.#channel, this.#origin).then(() => false, hasEnded)
      if (isClosed) return
      await this.#clock.sleep(BEAT_MS, silenced)
    }
  }

  #hear(payload: string): void {
    const [origin, ...topics] = payload.split(' ')
    const [isOwn, now] = [origin === this.#origin, this.#clock.now()]
    const isMissed = isOwn ? this.#presence.hearsItself(now) : this.#presence.hearsOther(now)
    if (isMissed) this.#notify([ANY_TOPIC])
    if (!isOwn) this.#tell(new Set(topics), null)
  }
}

function hasEnded(error: unknown): boolean {
  return error instanceof DatabaseError && error.code === 'ENDED'
}
