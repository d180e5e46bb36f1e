// Owns: topics being there, as the settings want them, before anything is sent or read.
// I1: a topic that is there is never changed; one that does not fit is refused, all its problems at once.
import { ConfigResourceTypes, ListOffsetTimestamps, type Admin } from '@platformatic/kafka'
import { isAnswer, kafkaError, KafkaError } from './errors.ts'
import type { KafkaSettings } from './settings.ts'

/** The engine forgets operations after this long; what a topic keeps for longer would be executed a second time. */
const RETENTION_MS_MAX = 30 * 86_400_000
/** Of a topic that was just made: every broker has to hear of it, each try waits for some hundred milliseconds. */
const SEEN_TRIES_MAX = 20

interface Described {
  readonly topic: string
  readonly partitionCount: number
  /** As the broker says them; empty when it does not say. */
  readonly configs: ReadonlyMap<string, string>
}

export type Wanted = Pick<KafkaSettings, 'partitions' | 'replicas' | 'retentionMs' | 'valueBytesMax'>

/** Why a topic does not fit. Pure. */
export function problemsOf({ topic, partitionCount, configs }: Described, wanted: Wanted): readonly string[] {
  const problems: string[] = []
  const add = (what: string, fix: string): void => void problems.push(`${topic} ${what}: ${fix}`)
  if (partitionCount < wanted.partitions) {
    const fix = `add partitions to it, or set KAFKA_PARTITIONS=${partitionCount}`
    add(`has ${partitionCount} partitions, ${wanted.partitions} are wanted`, fix)
  }
  const retention = Number(configs.get('retention.ms') ?? 0)
  if (retention < 0 || retention > RETENTION_MS_MAX)
    add(`keeps messages for ${retention} ms`, `set its retention.ms to ${RETENTION_MS_MAX} at most`)
  const policy = configs.get('cleanup.policy') ?? 'delete'
  if (policy !== 'delete')
    add(`is cleaned by '${policy}', which loses messages`, 'set its cleanup.policy to delete')
  const bytes = Number(configs.get('max.message.bytes') ?? Infinity)
  if (bytes <= wanted.valueBytesMax)
    add(`takes ${bytes} bytes`, `raise its max.message.bytes, or set KAFKA_VALUE_BYTES_MAX below that`)
  return problems
}

export class Topics {
  readonly #admin: Admin
  readonly #wanted: Wanted
  readonly #known = new Set<string>()

  constructor(admin: Admin, wanted: Wanted) {
    this.#admin = admin
    this.#wanted = wanted
  }

  /** Makes those that are missing, with their names as the cluster knows them. Errors: TOPIC_UNFIT, CONNECTION. */
  async ensure(topics: readonly string[]): Promise<void> {
    const unknown = [...new Set(topics)].filter((topic) => !this.#known.has(topic))
    if (unknown.length === 0) return
    const there = new Set(await this.#ask('list topics', () => this.#admin.listTopics()))
    const missing = unknown.filter((topic) => !there.has(topic))
    for (const topic of missing) await this.#create(topic)
    if (missing.length > 0) await this.#seen(() => this.#askLeaders(missing))
    const described = await this.#describe(unknown)
    const problems = described.flatMap((one) => problemsOf(one, this.#wanted))
    if (problems.length > 0) throw new KafkaError('TOPIC_UNFIT', problems.join('; '))
    for (const topic of unknown) this.#known.add(topic)
  }

  async #create(topic: string): Promise<void> {
    const { partitions, replicas, retentionMs } = this.#wanted
    const configs = [{ name: 'retention.ms', value: String(retentionMs) }]
    try {
      await this.#admin.createTopics({ topics: [topic], partitions, replicas, configs })
    } catch (error) {
      if (isAnswer(error, 'TOPIC_ALREADY_EXISTS')) return
      const failure = kafkaError(`create the topic ${topic}`, error)
      throw failure.code === 'CONNECTION' ? failure : new KafkaError('TOPIC_UNFIT', failure.message, error)
    }
  }

  async #describe(topics: readonly string[]): Promise<readonly Described[]> {
    const metadata = await this.#ask('read topics', () =>
      this.#admin.metadata({ topics: [...topics], forceUpdate: true }),
    )
    const configs = await this.#configs(topics)
    return topics.map((topic) => ({
      topic,
      partitionCount: metadata.topics.get(topic)?.partitionsCount ?? 0,
      configs: configs.get(topic) ?? new Map(),
    }))
  }

  /** A leader that does not know its partition yet would refuse a part of a request, and all would be sent again. */
  async #askLeaders(topics: readonly string[]): Promise<void> {
    const metadata = await this.#admin.metadata({ topics: [...topics], forceUpdate: true })
    const asked = topics.map((name) => ({
      name,
      partitions: Array.from(
        { length: metadata.topics.get(name)?.partitionsCount ?? 0 },
        (_, partitionIndex) => ({
          partitionIndex,
          timestamp: ListOffsetTimestamps.LATEST,
        }),
      ),
    }))
    await this.#admin.listOffsets({ topics: asked })
  }

  async #seen<T>(ask: () => Promise<T>, tries = 1): Promise<T> {
    try {
      return await ask()
    } catch (error) {
      if (tries >= SEEN_TRIES_MAX) throw kafkaError('see topics that were made', error)
      return await this.#seen(ask, tries + 1)
    }
  }

  /** Whoever may not read them is not stopped by that. */
  async #configs(topics: readonly string[]): Promise<ReadonlyMap<string, ReadonlyMap<string, string>>> {
    const configurationKeys = ['retention.ms', 'cleanup.policy', 'max.message.bytes']
    const resources = topics.map((resourceName) => ({
      resourceType: ConfigResourceTypes.TOPIC,
      resourceName,
      configurationKeys,
    }))
    try {
      const described = await this.#admin.describeConfigs({ resources })
      return new Map(
        described.map(({ resourceName, configs }) => [
          resourceName,
          new Map(configs.map(({ name, value }) => [name, value ?? ''])),
        ]),
      )
    } catch (error) {
      if (isAnswer(error, 'TOPIC_AUTHORIZATION_FAILED', 'CLUSTER_AUTHORIZATION_FAILED')) return new Map()
      throw kafkaError('read how topics are configured', error)
    }
  }

  async #ask<T>(what: string, request: () => Promise<T>): Promise<T> {
    try {
      return await request()
    } catch (error) {
      throw kafkaError(what, error)
    }
  }
}
