// Owns: a group's subscription in this process: a member that is made anew, with backoff, whenever one fails.
// I1: while there is no member, taking says why; nothing is skipped meanwhile.
// I2: what this process has done is remembered from one member to the next, so that it is committed after all.
import { backoffMs, type Message } from '@ensemble/core'
import type { Clock, Delivery, Ids, Subscription } from '@ensemble/runtime'
import { tell } from './diagnostics.ts'
import { KafkaError } from './errors.ts'
import type { Position } from './lanes.ts'
import { Member } from './member.ts'
import { AGAIN, type KafkaSettings } from './settings.ts'
import { StallWatch } from './watch.ts'

export interface ReaderOptions {
  readonly settings: KafkaSettings
  readonly group: string
  readonly topics: readonly string[]
  readonly clock: Clock
  readonly ids: Ids
}

/** Long enough for a broker that restarts, short enough for somebody who waits for a start to fail. */
const ENTER_MS_MAX = 10_000
/** How often a member is looked after: its commits sent again, its lag told, a stall noticed. */
const LOOK_EVERY_MS = 5_000

export class Reader implements Subscription {
  readonly #options: ReaderOptions
  readonly #done = new Map<string, Position>()
  readonly #news = new Set<Parameters<Subscription['onNews']>[0]>()
  readonly #closing = new AbortController()
  #member: Member | null = null
  #failure: unknown = null
  #living: Promise<void> = Promise.resolve()

  private constructor(options: ReaderOptions) {
    this.#options = options
  }

  /** Errors: CONNECTION, AUTHENTICATION and others, when it cannot join for long. */
  static async open(options: ReaderOptions): Promise<Reader> {
    const reader = new Reader(options)
    await reader.#enterFirst()
    reader.#living = reader.#live()
    return reader
  }

  /** Errors: MESSAGES_LOST, and why there is no member now. */
  async take(countMax: number): Promise<Delivery | null> {
    if (this.#closing.signal.aborted) throw new KafkaError('CLOSED', 'the subscription is closed')
    const member = this.#member
    if (member === null) throw this.#failure
    const hold = member.take(countMax)
    if (hold === null) return null
    return {
      messages: hold.messages,
      // The member of now: another one may have the partitions since.
      done: async () => this.#member?.finish(hold),
      release: async () => this.#member?.release(hold),
    }
  }

  onNews(news: Parameters<Subscription['onNews']>[0]): void {
    this.#news.add(news)
  }

  async close(): Promise<void> {
    this.#closing.abort()
    await this.#living
  }

  /** A broker that has just come back says for some seconds that others coordinate, though there are none. */
  async #enterFirst(): Promise<void> {
    const { clock, ids } = this.#options
    const end = clock.now() + ENTER_MS_MAX
    for (let tries = 1; ; tries += 1) {
      try {
        await this.#enter()
        return
      } catch (error) {
        const isFinal = error instanceof KafkaError && error.code === 'AUTHENTICATION'
        if (isFinal || clock.now() >= end) throw error
        await clock.sleep(backoffMs(AGAIN, tries, ids.chance()), this.#closing.signal)
      }
    }
  }

  async #enter(): Promise<void> {
    const { group } = this.#options
    const member = new Member({
      ...this.#options,
      done: this.#done,
      isRead: (message) => this.#isRead(message),
      onNews: () => this.#tellNews(),
      onShared: (places) => tell({ happened: 'shared', group, places }),
      onFailed: (error, failures) => tell({ happened: 'failed', group, error, failures }),
    })
    try {
      await member.join()
    } catch (error) {
      await member.close()
      throw error
    }
    this.#member = member
  }

  async #live(): Promise<void> {
    const { group, clock, ids } = this.#options
    const { signal } = this.#closing
    let failures = 0
    while (!signal.aborted) {
      try {
        if (this.#member === null) await this.#enter()
        const begun = clock.now()
        const error = await this.#until()
        if (clock.now() - begun > LOOK_EVERY_MS) failures = 0
        this.#failure = error
      } catch (error) {
        this.#failure = error
      }
      const member = this.#member
      this.#member = null
      await member?.close()
      if (signal.aborted) return
      failures += 1
      tell({ happened: 'failed', group, error: this.#failure, failures })
      this.#tellNews()
      await clock.sleep(backoffMs(AGAIN, failures, ids.chance()), signal)
    }
  }

  /** Looks after the member until it is of no more use, or until this closes; answers why. */
  async #until(): Promise<unknown> {
    const member = this.#member
    if (member === null) return null
    const { clock, settings, group } = this.#options
    const watch = new StallWatch(settings.stallMs)
    const over = new AbortController()
    const ended = Promise.race([member.trouble, aborted(this.#closing.signal)]).finally(() => over.abort())
    while (!over.signal.aborted) {
      await clock.sleep(Math.min(LOOK_EVERY_MS, settings.stallMs), over.signal)
      if (over.signal.aborted) break
      const stalled = await this.#look(member, watch)
      if (stalled !== null) return new KafkaError('STALLED', `${group} reads nothing of ${stalled}`)
    }
    return await ended
  }

  async #look(member: Member, watch: StallWatch): Promise<string | null> {
    const { group, clock } = this.#options
    await member.commit()
    const progress = await member.progress().catch(() => [])
    const lag = progress.map(({ topic, partition, end, done }) => ({
      topic,
      partition,
      messageCount: Math.max(0, end - done),
    }))
    tell({ happened: 'lag', group, lag })
    const stalled = watch.look(progress, clock.now())
    if (stalled.length === 0) return null
    return stalled.map(({ topic, partition }) => `${topic}/${partition}`).join(', ')
  }

  #isRead(message: Message): boolean {
    if (this.#news.size === 0) return true
    return [...this.#news].some((news) => news([message]) !== false)
  }

  #tellNews(): void {
    for (const news of this.#news) news()
  }
}

function aborted(signal: AbortSignal): Promise<null> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve(null)
    else signal.addEventListener('abort', () => resolve(null), { once: true })
  })
}
