// Owns: sending: what is sent at one time goes to the brokers in few requests.
// I1: resolved means that all in-sync replicas have it.
// I2: one request is under way at a time, so that messages of a key keep their order.
// I3: a request stays below what a broker takes as one batch.
// I4: what a message is as a record is made once: nobody changes a message that was checked.
import { ProduceAcks, Producer, stringSerializers } from '@platformatic/kafka'
import type { Message } from '@ensemble/core'
import { gathered } from '@ensemble/runtime'
import { recordOf, type Written } from './cloud-event.ts'
import { KafkaError, kafkaError } from './errors.ts'
import { clientOptions, type KafkaSettings } from './settings.ts'
import type { Topics } from './topics.ts'

/** Callers whose messages go together. */
const CALLERS_MAX = 200
/** A row of an outbox may be of an instance with the other content mode, whose record was shorter. */
const SPARE_BYTES = 16_384
const SENT: readonly undefined[] = []

interface ToSend extends Omit<Written, 'value'> {
  readonly topic: string
  readonly value: Buffer
}

export class Sender {
  readonly #settings: KafkaSettings
  readonly #producer: Producer<string, Buffer, string, string>
  readonly #topics: Topics
  /** What a message is as a record: made when it is checked before COMMIT, and sent after it. */
  readonly #records = new WeakMap<Message, ToSend>()
  readonly #send: (messages: readonly Message[]) => Promise<undefined>

  constructor(settings: KafkaSettings, topics: Topics) {
    this.#settings = settings
    this.#topics = topics
    this.#producer = new Producer({
      ...clientOptions(settings),
      acks: ProduceAcks.ALL,
      serializers: { ...stringSerializers, value: (bytes) => bytes },
    })
    this.#send = gathered((lists: readonly (readonly Message[])[]) => this.#sendAll(lists), {
      countMax: CALLERS_MAX,
    })
  }

  /** Errors: CONNECTION, MESSAGE_TOO_LARGE, TOPIC_UNFIT. */
  async send(messages: readonly Message[]): Promise<void> {
    if (messages.length > 0) await this.#send(messages)
  }

  /** Refuses what no request could carry. Errors: MESSAGE_TOO_LARGE. */
  check(messages: readonly Message[], spareBytes = 0): void {
    const { valueBytesMax } = this.#settings
    for (const message of messages) {
      const { length } = this.#recordOf(message).value
      if (length <= valueBytesMax + spareBytes) continue
      const what = `a message to ${message.topic} has ${length} bytes, at most ${valueBytesMax} are sent`
      throw new KafkaError('MESSAGE_TOO_LARGE', `${what}: ${message.id}`)
    }
  }

  async close(): Promise<void> {
    await this.#producer.close(true).catch(() => undefined)
  }

  async #sendAll(lists: readonly (readonly Message[])[]): Promise<readonly undefined[]> {
    const messages = lists.flat()
    this.check(messages, SPARE_BYTES)
    const { valueBytesMax } = this.#settings
    const records = messages.map((message) => this.#recordOf(message))
    await this.#topics.ensure(records.map(({ topic }) => topic))
    for (const request of requestsOf(records, valueBytesMax)) {
      try {
        await this.#producer.send({ messages: [...request], acks: ProduceAcks.ALL })
      } catch (error) {
        throw kafkaError(`send ${request.length} messages`, error)
      }
    }
    return SENT
  }

  #recordOf(message: Message): ToSend {
    const known = this.#records.get(message)
    if (known !== undefined) return known
    const { prefix, contentMode } = this.#settings
    const { key, value, headers } = recordOf(message, contentMode)
    const topic = `${prefix}${message.topic}`
    const record = { key, value: Buffer.from(value), headers, topic }
    this.#records.set(message, record)
    return record
  }
}

/** In order, each with at most `bytesMax` of values, or with one message. Pure. */
export function requestsOf<R extends Pick<ToSend, 'value'>>(
  records: readonly R[],
  bytesMax: number,
): readonly (readonly R[])[] {
  const requests: R[][] = []
  let left = 0
  for (const record of records) {
    const { length } = record.value
    if (length > left || requests.length === 0) {
      requests.push([])
      left = bytesMax
    }
    requests.at(-1)?.push(record)
    left -= length
  }
  return requests
}
