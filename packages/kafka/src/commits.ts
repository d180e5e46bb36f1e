// Owns: telling the broker how far the group has come: what is done and not committed yet, and when it is sent.
// I1: a commit names the member and the generation that has the partitions, so that the broker refuses a late one.
// I2: only what was noted since partitions were shared out is committed: others may have gone further before.
// I3: what is not committed when a process dies, or when its partitions go to others, is handled again by whoever has
// them then, which is harmless.
import { offsetCommitV8, type Connection, type Consumer } from '@platformatic/kafka'
import type { Clock } from '@ensemble/runtime'
import { KafkaError } from './errors.ts'
import { placeKey, type Place, type Position } from './lanes.ts'
import type { KafkaSettings } from './settings.ts'

/** A commit costs a broker as much as a batch of messages. */
const EVERY_MS = 100

export interface CommitOptions {
  readonly settings: Pick<KafkaSettings, 'prefix'>
  readonly clock: Clock
  /** Done by this process, committed or not, by place. */
  readonly done: Map<string, Position>
  readonly closing: AbortSignal
}

export interface Membership {
  readonly memberId: string
  readonly generationId: number
}

export class Commits {
  readonly #consumer: Consumer<string, string, string, string>
  readonly #options: CommitOptions
  #membership: Membership | null = null
  /** Noted since the membership, and not committed. */
  readonly #noted = new Map<string, Position>()
  /** To the broker that coordinates the group; that of the last commit. */
  #connection: Connection | null = null
  #sending: Promise<void> = Promise.resolve()
  /** Has not begun yet. */
  #next: Promise<void> | null = null
  #isDue = false
  #sentAt = 0

  constructor(consumer: Consumer<string, string, string, string>, options: CommitOptions) {
    this.#consumer = consumer
    this.#options = options
  }

  joined(membership: Membership): void {
    this.#membership = membership
    this.#noted.clear()
  }

  note(positions: readonly Position[]): void {
    for (const position of positions) {
      this.#options.done.set(placeKey(position), position)
      this.#noted.set(placeKey(position), position)
    }
  }

  /** At once after silence, else together with what is done until then. Who closes commits by himself. */
  async soon(): Promise<void> {
    if (this.#isDue) return
    const { clock, closing } = this.#options
    const waitMs = Math.min(EVERY_MS, this.#sentAt + EVERY_MS - clock.now())
    if (waitMs > 0) {
      this.#isDue = true
      await clock.sleep(waitMs, closing).finally(() => (this.#isDue = false))
      if (closing.aborted) return
    }
    this.#sentAt = clock.now()
    await this.now()
  }

  /** Sends what is done; never throws, what fails is sent with the next. One waits behind one under way. */
  async now(): Promise<void> {
    this.#next ??= this.#sending.then(() => {
      this.#next = null
      return this.#send()
    })
    this.#sending = this.#next
    await this.#sending
  }

  /**
   * Others are about to get partitions of this member, which asks for new ones in the next moment: what is done leaves
   * ahead of that, on the same connection, while the broker still takes it.
   */
  ahead(): void {
    const connection = this.#connection
    if (connection?.isConnected() === true) void this.#sendOn(connection).catch(() => undefined)
    else void this.now()
  }

  async #send(): Promise<void> {
    try {
      if (this.#noted.size > 0) await this.#sendOn(await this.#connected())
    } catch {
      // Sent with the next.
    }
  }

  async #connected(): Promise<Connection> {
    const coordinator = await this.#consumer.findGroupCoordinator()
    const { brokers } = await this.#consumer.metadata({ topics: this.#consumer.topics.current })
    const broker = brokers.get(coordinator)
    if (broker === undefined) throw new KafkaError('CONNECTION', `no broker ${coordinator}`)
    this.#connection = await this.#consumer.connections.get(broker)
    return this.#connection
  }

  /** The request leaves before this answers. */
  async #sendOn(connection: Connection): Promise<void> {
    const own = [...this.#noted.values()]
    if (this.#membership === null || own.length === 0) return
    const { done, settings } = this.#options
    const topics = byTopic(own).map(({ topic, partitions }) => ({
      name: `${settings.prefix}${topic}`,
      partitions: partitions.map((partition) => ({
        partitionIndex: partition,
        committedOffset: BigInt(this.#noted.get(placeKey({ topic, partition }))?.offset ?? 0),
        committedLeaderEpoch: -1,
        committedMetadata: null,
      })),
    }))
    const { memberId, generationId } = this.#membership
    await offsetCommitV8.api.async(connection, this.#consumer.groupId, generationId, memberId, null, topics)
    for (const position of own)
      for (const known of [done, this.#noted])
        if (known.get(placeKey(position)) === position) known.delete(placeKey(position))
  }
}

export function byTopic(
  places: readonly Place[],
): { readonly topic: string; readonly partitions: number[] }[] {
  const topics = new Map<string, number[]>()
  for (const { topic, partition } of places) topics.set(topic, [...(topics.get(topic) ?? []), partition])
  return [...topics].map(([topic, partitions]) => ({ topic, partitions }))
}
