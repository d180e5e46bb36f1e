// Owns: the AsyncAPI 3 document of the whole system, made of the contracts: topics, commands, events, ends of sagas.
// I1: it says what travels on the bus as JSON. On Kafka the same JSON is the data of a CloudEvent.
import { CATALOGUE, type CataloguedMessage } from '@ensemble/service-contracts'
import * as z from 'zod'

type Fields = Readonly<Record<string, unknown>>

const Saga = z
  .object({ plan: z.string(), id: z.string(), pattern: z.enum(['orchestration', 'choreography']) })
  .describe('The saga that it belongs to')
const Sent = {
  id: z.string().describe('The same message sent again has the same id'),
  topic: z.string(),
  key: z.string().describe('Messages of one key keep their order as far as the bus can'),
  handledBy: z
    .string()
    .optional()
    .describe(
      'The service that handled it in the transaction that sent it; such a command or start does not travel',
    ),
  followedBy: z
    .array(z.string())
    .optional()
    .describe('Services that followed it in the transaction that sent it'),
}
const Time = z.int().describe('Milliseconds since 1970')

export function asyncApiDocument(version: string): Fields {
  const topics = [...new Set(CATALOGUE.map(({ topic }) => topic))].sort()
  return {
    asyncapi: '3.0.0',
    info: {
      title: 'Ensemble reference system',
      version,
      description:
        'Commands, events and ends of sagas on the bus of the reference system. On Kafka each is the data of a ' +
        'CloudEvent 1.0.',
    },
    defaultContentType: 'application/json',
    channels: Object.fromEntries(topics.map((topic) => [topic, channelOf(topic)])),
    operations: Object.fromEntries(topics.map((topic) => [topic, operationOf(topic)])),
    components: {
      messages: Object.fromEntries(CATALOGUE.map((message) => [message.name, messageOf(message)])),
    },
  }
}

function channelOf(topic: string): Fields {
  return {
    address: topic,
    messages: Object.fromEntries(
      of(topic).map(({ name }) => [name, { $ref: `#/components/messages/${name}` }]),
    ),
  }
}

/** Whether others send it to this system. */
function isTaken({ kind }: Pick<CataloguedMessage, 'kind'>): boolean {
  return kind === 'command' || kind === 'intake'
}

function operationOf(topic: string): Fields {
  const messages = of(topic)
  return {
    action: messages.every(isTaken) ? 'receive' : 'send',
    channel: { $ref: `#/channels/${topic}` },
    messages: messages.map(({ name }) => ({ $ref: `#/channels/${topic}/messages/${name}` })),
  }
}

function messageOf({ name, kind, owner, schema }: CataloguedMessage): Fields {
  const payload = z.toJSONSchema(envelopeOf({ name, kind, schema }), {
    target: 'draft-7',
    io: isTaken({ kind }) ? 'input' : 'output',
    unrepresentable: 'any',
  })
  return { name, title: name, tags: [{ name: kind }, { name: owner }], payload }
}

function envelopeOf({ name, kind, schema }: Pick<CataloguedMessage, 'name' | 'kind' | 'schema'>): z.ZodType {
  switch (kind) {
    case 'command': {
      const [participant = '', request = ''] = name.split('.')
      return z.looseObject({
        type: z.literal('command'),
        ...Sent,
        saga: Saga,
        ask: z.looseObject({
          operation: z.string().describe('Makes the work idempotent'),
          participant: z.literal(participant),
          request: z.literal(request),
          input: schema,
          deadline: Time.nullable().describe('After it the work does not begin any more'),
          issuedAt: Time,
        }),
      })
    }
    case 'event':
    case 'intake':
      return z.looseObject({
        type: z.literal('event'),
        ...Sent,
        name: z.literal(name),
        source: z.string(),
        at: Time,
        data: schema,
        saga: Saga.nullable(),
      })
    case 'ended':
      return z.looseObject({
        type: z.literal('ended'),
        ...Sent,
        name: z.literal(name),
        saga: Saga,
        at: Time,
        end: z.looseObject({ status: z.literal(name.split('.').at(-1) ?? ''), data: schema }),
      })
    default:
      return kind satisfies never
  }
}

function of(topic: string): readonly CataloguedMessage[] {
  return CATALOGUE.filter((message) => message.topic === topic)
}
