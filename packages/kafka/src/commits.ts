// Owns: telling the broker how far the group has come: what is done and not committed yet, and when it is sent.
// I1: a commit names the member and the generation that has the partitions, so that the broker refuses a late one.
// I2: nothing that was done is forgotten before it is committed, by this member or by the next one of the process.
// I3: what is not committed when a process dies is handled again by whoever has the partition then, which is harmless.
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

/** Who has which partitions, without the prefix. */
export interface Membership {
  readonly memberId: string
  readonly generationId: number
  readonly places: readonly Place[]
}

export class Commits {
  readonly #consumer: Consumer<string, string, string, string>
  readonly #options: CommitOptions
  #membership: Membership | null = null
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
  }

  note(positions: readonly Position[]): void {
    for (const position of positions) this.#options.done.set(placeKey(position), position)
  }

  /** At once after silence, else together with what is done until then. Who closes commits by himself. */
  async soon(): Promise<void> {
    if (this.#isDue) return
    const { clock, closing } = this.#options
    const waitMs = Math.min(EVERY_MS, this.#sentAt + EVERY_MS - clock.now())
    if (waitMs > 0) {
      this.#isDue = true
      await clock.sleep(waitMs, closing)
      this.#isDue = false
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
  }

  async #send(): Promise<void> {
    try {
      if (this.#own().length > 0) await this.#sendOn(await this.#connected())
    } catch {
      // Sent with the next.
    }
  }

  #own(): readonly Position[] {
    const { done } = this.#options
    return (this.#membership?.places ?? []).flatMap((place) => done.get(placeKey(place)) ?? [])
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
    const membership = this.#membership
    const own = this.#own()
    if (membership === null || own.length === 0) return
    const { done, settings } = this.#options
    const topics = byTopic(own).map(({ topic, partitions }) => ({
      name: `${settings.prefix}${topic}`,
      partitions: partitions.map((partition) => ({
        partitionIndex: partition,
        committedOffset: BigInt(done.get(placeKey({ topic, partition }))?.offset ?? 0),
        committedLeaderEpoch: -1,
        committedMetadata: null,
      })),
    }))
    const { memberId, generationId } = membership
    await offsetCommitV8.api.async(connection, this.#consumer.groupId, generationId, memberId, null, topics)
    for (const position of own) if (done.get(placeKey(position)) === position) done.delete(placeKey(position))
  }
}

export function byTopic(
  places: readonly Place[],
): { readonly topic: string; readonly partitions: number[] }[] {
  const topics = new Map<string, number[]>()
  for (const { topic, partition } of places) topics.set(topic, [...(topics.get(topic) ?? []), partition])
  return [...topics].map(([topic, partitions]) => ({ topic, partitions }))
}
