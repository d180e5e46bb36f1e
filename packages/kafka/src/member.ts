// Owns: one consumer in its group: which partitions it has, from where it reads them, what it commits.
// Does not own making it anew when it fails (reader.ts), nor when and how it commits (commits.ts).
// I1: it reads from where the group stands, or from the earliest message; never from where the library would go on.
// I2: each sharing out of partitions begins anew: what was read ahead for an earlier one is dropped.
import {
  Consumer,
  ListOffsetTimestamps,
  stringDeserializers,
  type ConsumerGroupJoinPayload,
  type Message as KafkaRecord,
  type MessagesStream,
  type Offsets,
} from '@platformatic/kafka'
import { backoffMs, type Message } from '@ensemble/core'
import { MessagesLost } from '@ensemble/runtime'
import type { Clock, Delivered, Ids } from '@ensemble/runtime'
import { messageOf } from './cloud-event.ts'
import { byTopic, Commits } from './commits.ts'
import { kafkaError, KafkaError } from './errors.ts'
import { Lanes, placeKey, type Hold, type Place, type Position } from './lanes.ts'
import { AGAIN, clientOptions, type KafkaSettings } from './settings.ts'

type Texts = Consumer<string, string, string, string>
type TextStream = MessagesStream<string, string, string, string>
/** A record may have no value, whatever the library's types say. */
type TextRecord = Pick<KafkaRecord, 'topic' | 'partition' | 'offset'> & { readonly value: string | undefined }

export interface MemberOptions {
  readonly settings: KafkaSettings
  /** Without the prefix, as topics are. */
  readonly group: string
  readonly topics: readonly string[]
  readonly clock: Clock
  readonly ids: Ids
  /** Done by this process, committed or not, by place. */
  readonly done: Map<string, Position>
  /** Whether a message means something here: else it need not be handed out. */
  readonly isRead: (message: Message) => boolean
  readonly onNews: () => void
  readonly onShared: (places: readonly Place[]) => void
  /** Reading failed, so many times in a row; it is tried again. */
  readonly onFailed: (error: unknown, failures: number) => void
}

/** How far one partition is read, for the watchdog. */
export interface Progress extends Place {
  readonly read: number
  readonly end: number
  readonly done: number
}

/** Bounds what one answer of a broker may hold, bytes. */
const FETCH_BYTES_MAX = 8 * 1_048_576
const FETCH_PARTITION_BYTES_MAX = 1_048_576
/** How long a broker may wait for something to come, milliseconds; a close waits for it too. */
const FETCH_WAIT_MS = 1_000
/** Keys and headers are for others; a message says all of it itself. */
const UNREAD = (): string => ''

export class Member {
  readonly #options: MemberOptions
  readonly #consumer: Texts
  readonly #commits: Commits
  readonly #trouble = Promise.withResolvers<unknown>()
  #stream: TextStream | null = null
  #lanes = new Lanes([])
  #places: readonly Place[] = []
  /** Of the sharing out of partitions; what belongs to an earlier one no longer counts. */
  #round = 0
  #failure: Error | null = null
  #failures = 0
  readonly #closing = new AbortController()

  constructor(options: MemberOptions) {
    this.#options = options
    const { settings, group } = options
    const { sessionTimeoutMs, heartbeatMs, stallMs, readAheadCount } = settings
    this.#consumer = new Consumer({
      ...clientOptions(settings),
      groupId: `${settings.prefix}${group}`,
      groupProtocol: 'classic',
      sessionTimeout: sessionTimeoutMs,
      rebalanceTimeout: sessionTimeoutMs,
      heartbeatInterval: heartbeatMs,
      heartbeatStallTimeout: stallMs,
      autocommit: false,
      highWaterMark: readAheadCount,
      maxBytes: FETCH_BYTES_MAX,
      maxBytesPerPartition: FETCH_PARTITION_BYTES_MAX,
      maxWaitTime: FETCH_WAIT_MS,
      deserializers: { ...stringDeserializers, key: UNREAD, headerKey: UNREAD, headerValue: UNREAD },
    })
    this.#commits = new Commits(this.#consumer, { ...options, closing: this.#closing.signal })
    // Ahead of the library's own stream, which must not go on with partitions that it may no longer have.
    this.#consumer.on('consumer:group:join', (joined) => this.#share(joined))
    this.#consumer.on('consumer:group:rebalance', () => this.#commits.ahead())
    this.#consumer.on('error', (error: unknown) =>
      this.#trouble.resolve(kafkaError('stay in the group', error)),
    )
    this.#consumer.on('consumer:heartbeat:stalled', ({ lastError }) => {
      const silent = new KafkaError('STALLED', `${group} sends no heartbeats`)
      this.#trouble.resolve(lastError === undefined ? silent : kafkaError('send heartbeats', lastError))
    })
  }

  /** Resolves with the reason when this member is of no more use. */
  get trouble(): Promise<unknown> {
    return this.#trouble.promise
  }

  /** Errors: CONNECTION, AUTHENTICATION, KAFKA. */
  async join(): Promise<void> {
    const { topics, group, settings } = this.#options
    try {
      this.#consumer.topics.trackAll(...topics.map((topic) => `${settings.prefix}${topic}`))
      await this.#consumer.joinGroup({})
    } catch (error) {
      throw kafkaError(`join the group ${group}`, error)
    }
  }

  /** The next messages, held until finished or released; null when there are none now. Throws why none can come. */
  take(countMax: number): Hold | null {
    if (this.#failure !== null) throw this.#failure
    this.#readAhead(countMax)
    return this.#lanes.take(countMax)
  }

  /**
   * Commits what was handled; nobody waits for it: what the broker has not heard of comes again, which is harmless. A
   * partition that is somebody else's by now is left to them.
   */
  finish(hold: Hold): void {
    this.#commit(this.#lanes.finish(hold))
  }

  release(hold: Hold): void {
    this.#lanes.release(hold)
    this.#options.onNews()
  }

  /** Sends what is done and not committed yet; what fails is sent with the next. */
  commit(): Promise<void> {
    return this.#commits.now()
  }

  /** Empty while partitions are being shared out. */
  async progress(): Promise<readonly Progress[]> {
    const stream = this.#stream
    if (stream === null) return []
    const ends = await this.#listOffsets(this.#places, ListOffsetTimestamps.LATEST)
    if (this.#stream !== stream) return []
    return this.#places.map((place) => {
      const at = this.#named(place)
      const end = offsetAt(ends, at) ?? 0
      const isBuffered = stream.readableLength > 0
      const read = Number(stream.offsetsToFetch.get(`${at.topic}:${at.partition}`) ?? end)
      // What was read and waits here is not the broker's fault.
      return { ...place, read: isBuffered ? end : read, end, done: this.#lanes.doneAt(place) ?? end }
    })
  }

  async close(): Promise<void> {
    this.#round += 1
    this.#closing.abort()
    await this.commit()
    this.#stream?.destroy()
    this.#stream = null
    // Left first: closed while it joins, the library's consumer would go on sending heartbeats for ever. Both throw
    // when brokers are away; then there is nobody to say goodbye to.
    await Promise.resolve(this.#consumer.leaveGroup(true)).catch(() => undefined)
    await this.#consumer.close(true).catch(() => undefined)
    this.#trouble.resolve(new KafkaError('CLOSED', 'closed'))
  }

  #readAhead(countMax: number): void {
    const stream = this.#stream
    if (stream === null) return
    const { settings, isRead } = this.#options
    const lanes = this.#lanes
    const waitingMax = countMax + settings.readAheadCount
    while (lanes.freeCount < countMax && lanes.waitingCount < waitingMax) {
      const record = stream.read() as TextRecord | null
      if (record === null) break
      const delivered = this.#delivered(record)
      if (delivered.ok && !isRead(delivered.message)) lanes.pass(delivered)
      else lanes.add(delivered, record.value?.length ?? 0)
    }
    this.#commit(lanes.passed())
  }

  #commit(positions: readonly Position[]): void {
    if (positions.length === 0) return
    this.#commits.note(positions)
    void this.#commits.soon()
  }

  #delivered({ topic, partition, offset, value }: TextRecord): Delivered {
    const place = { topic: topic.slice(this.#options.settings.prefix.length), partition }
    return { ...messageOf(value), ...place, position: String(offset) }
  }

  #share({ memberId, generationId, assignments }: ConsumerGroupJoinPayload): void {
    const { prefix } = this.#options.settings
    this.#places = (assignments ?? []).flatMap(({ topic, partitions }) =>
      partitions.map((partition) => ({ topic: topic.slice(prefix.length), partition })),
    )
    this.#commits.joined({ memberId, generationId: generationId ?? 0 })
    this.#failures = 0
    void this.#anew()
  }

  /** Reads what it has from where the group stands. */
  async #anew(): Promise<void> {
    // A join that was under way when this was closed must not begin anything.
    if (this.#closing.signal.aborted) return
    this.#round += 1
    const round = this.#round
    this.#stream?.destroy()
    this.#stream = null
    this.#lanes = new Lanes([])
    try {
      await this.#begin(round)
    } catch (error) {
      await this.#failed(round, error instanceof MessagesLost ? error : kafkaError('read', error))
    }
  }

  /** It stays in the group: a broker that comes back finds it as it was, and nobody has to wait for its session. */
  async #failed(round: number, error: Error): Promise<void> {
    if (round !== this.#round) return
    if (error instanceof MessagesLost) {
      this.#trouble.resolve(error)
      return
    }
    const { clock, ids, onFailed, onNews } = this.#options
    this.#failures += 1
    this.#failure = error
    onFailed(error, this.#failures)
    onNews()
    await clock.sleep(backoffMs(AGAIN, this.#failures, ids.chance()), this.#closing.signal)
    if (round === this.#round) await this.#anew()
  }

  async #begin(round: number): Promise<void> {
    const places = this.#places
    const positions = places.length === 0 ? [] : await this.#positions(places)
    if (round !== this.#round) return
    this.#lanes = new Lanes(positions)
    // Also where a new group begins: from now on what it has not read can be missed.
    this.#commits.note(positions)
    await this.commit()
    if (round !== this.#round) return
    this.#options.onShared(places)
    if (places.length > 0) await this.#read(round, positions)
    this.#failure = null
  }

  async #read(round: number, positions: readonly Position[]): Promise<void> {
    const stream: TextStream = await this.#consumer.consume({
      topics: [...new Set(positions.map((position) => this.#named(position).topic))],
      mode: 'manual',
      fallbackMode: 'fail',
      offsets: positions.map((position) => ({ ...this.#named(position), offset: BigInt(position.offset) })),
      autocommit: false,
      maxWaitTime: FETCH_WAIT_MS,
    })
    const isCurrent = (): boolean => round === this.#round
    let failure = new KafkaError('KAFKA', 'the stream of messages has ended')
    stream.on('error', (error) => {
      failure = kafkaError('read', error)
    })
    stream.on('close', () => void this.#failed(round, failure))
    if (!isCurrent()) {
      stream.destroy()
      return
    }
    this.#stream = stream
    stream.on('readable', () => {
      if (!isCurrent()) return
      this.#failures = 0
      this.#options.onNews()
    })
  }

  /** Where the group stands, the earliest message where it never was. Errors: MESSAGES_LOST. */
  async #positions(places: readonly Place[]): Promise<readonly Position[]> {
    const [committed, starts, ends] = await Promise.all([
      this.#consumer.listCommittedOffsets({ topics: byTopic(places.map((place) => this.#named(place))) }),
      this.#listOffsets(places, ListOffsetTimestamps.EARLIEST),
      this.#listOffsets(places, ListOffsetTimestamps.LATEST),
    ]).catch((error: unknown) => {
      throw kafkaError('ask where the group stands', error)
    })
    return places.map((place) => {
      const at = this.#named(place)
      const startOffset = offsetAt(starts, at) ?? 0
      const known = offsetAt(committed, at) ?? -1
      if (known < 0) return { ...place, offset: startOffset }
      const offset = Math.max(known, this.#options.done.get(placeKey(place))?.offset ?? 0)
      if (offset < startOffset || offset > (offsetAt(ends, at) ?? offset)) {
        throw new MessagesLost({ group: this.#options.group, ...place, nextOffset: offset, startOffset })
      }
      return { ...place, offset }
    })
  }

  async #listOffsets(places: readonly Place[], timestamp: bigint): Promise<Offsets> {
    const topics = byTopic(places.map((place) => this.#named(place)))
    return await this.#consumer.listOffsets({
      topics: topics.map(({ topic }) => topic),
      partitions: Object.fromEntries(topics.map(({ topic, partitions }) => [topic, partitions])),
      timestamp,
    })
  }

  #named({ topic, partition }: Place): Place {
    return { topic: `${this.#options.settings.prefix}${topic}`, partition }
  }
}

/** Offsets stay below 2^53 in any log. */
function offsetAt(offsets: Offsets, { topic, partition }: Place): number | undefined {
  const offset = offsets.get(topic)?.[partition]
  return offset === undefined ? undefined : Number(offset)
}
