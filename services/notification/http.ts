// Owns: the notification service's own routes: messages that callers bring, and reads of the outbox.
// I1: a message's id is the server's, made of the caller's uuid: the same call again is the same message.
import {
  allow,
  fingerprint,
  idFromKey,
  listEnvelope,
  listSchema,
  notFound,
  offsetOf,
  pagination,
  problem,
  problems,
  type Problem,
  type Routes,
  type Server,
} from '@ensemble/http'
import { momentOf } from '@ensemble/service-contracts'
import * as z from 'zod'
import { CHANNELS, phoneOf, receiverOf, type Channel } from './address.ts'
import { attemptId } from './delivery.ts'
import { MESSAGE_STATUSES, type Details, type Message } from './message.ts'
import type { MessageDraft, Outbox } from './notification-store.ts'
import { outboxPage, PAGE_POLICY } from './outbox-page.ts'
import { isOwn, languageOf, write, type Language } from './templates.ts'

const TEXT_MAX = 10_000
const SUBJECT_MAX = 200
const TOKEN_MAX = 4_096

const CallerUuid = z.uuid().toLowerCase().describe('Chosen by the caller; the same again is the same message')
const Phone = z
  .string()
  .max(32)
  .refine((text) => phoneOf(text) !== undefined, {
    error: 'is not a phone number',
    params: { fix: 'send a number such as +6281247930699 or 081247930699' },
  })

const SmsRequest = z.object({
  type: z.literal('sms'),
  uuid: CallerUuid,
  payload: z.object({
    otp: z.boolean().default(false),
    msisdn: Phone,
    text: z.string().min(1).max(TEXT_MAX),
  }),
})

const EmailRequest = z.object({
  type: z.literal('email'),
  uuid: CallerUuid,
  payload: z.object({
    to: z.email().max(320),
    from: z.email().max(320).optional(),
    subject: z.string().max(SUBJECT_MAX),
    template_id: z.string().max(100),
    data: z.record(z.string().max(100), z.string().max(TEXT_MAX)).default({}),
  }),
})

const PushRequest = z.object({
  type: z.literal('push'),
  uuid: CallerUuid,
  payload: z.object({
    to: z.string().min(1).max(TOKEN_MAX).describe('Token of the device'),
    title: z.string().max(SUBJECT_MAX).default(''),
    text: z.string().min(1).max(TEXT_MAX),
  }),
})

const Accepted = z.object({ id: z.uuid(), status: z.literal('QUEUE') })

const Item = z
  .object({
    id: z.uuid(),
    type: z.enum(CHANNELS),
    template: z.string().nullable(),
    uuid_user: z.string().nullable(),
    receiverAddress: z.string().nullable().describe('Null while the address of the user is not known'),
    subject: z.string(),
    data: z.string().describe('The text that is sent'),
    statusText: z.enum(MESSAGE_STATUSES),
    history: z.array(
      z.object({
        id: z.string().describe('Of the attempt: providers know it by this'),
        provider: z.string(),
        status: z.string(),
        at: z.string(),
        response: z.string().nullable(),
        reference: z.string().nullable().describe("The provider's own id"),
      }),
    ),
    created_at: z.string(),
    update_at: z.string(),
  })
  .meta({ id: 'NotificationItem' })

export interface Desk {
  readonly outbox: Outbox
  /** Of messages that name none. */
  readonly language: Language
}

export function notificationRoutes(desk: Desk): Routes {
  return (server) => {
    sendRoutes(server, desk)
    readRoutes(server, desk.outbox)
  }
}

function sendRoutes(server: Server, { outbox, language }: Desk): void {
  const plain: Details = { language, data: {}, sender: null, isOtp: false }
  const response = { 200: Accepted, ...problems(401, 403, 422) }
  const config = allow('notification:write')
  const schema = { tags: ['notification'], response }
  server.post(
    '/v1/notification/sms',
    { schema: { ...schema, summary: 'Sends an SMS', body: SmsRequest }, config },
    async ({ body }) => {
      const { msisdn, text, otp: isOtp } = body.payload
      return accepted(outbox, body, { address: receiverOf(msisdn), text, details: { ...plain, isOtp } })
    },
  )
  server.post(
    '/v1/notification/email',
    {
      schema: {
        ...schema,
        summary: "Sends an e-mail: of a template of here, else of a provider's",
        body: EmailRequest,
      },
      config,
    },
    async ({ body }) => {
      const { to, from: sender = null, subject, template_id: template, data } = body.payload
      const details: Details = { ...plain, language: languageOf(data, language), data, sender }
      // What only a provider can fill in is kept as it came.
      const text = isOwn(template) ? write(template, details).text : JSON.stringify(data)
      return accepted(outbox, body, { address: receiverOf(to), subject, template, text, details })
    },
  )
  server.post(
    '/v1/notification/push',
    { schema: { ...schema, summary: 'Sends a push message to a device', body: PushRequest }, config },
    async ({ body }) => {
      const { to, title, text } = body.payload
      return accepted(outbox, body, { address: to, subject: title, text, details: plain })
    },
  )
}

interface Asked {
  readonly type: Channel
  readonly uuid: string
  readonly payload: unknown
}

async function accepted(
  outbox: Outbox,
  asked: Asked,
  of: Pick<MessageDraft, 'address' | 'text' | 'details'> &
    Partial<Pick<MessageDraft, 'subject' | 'template'>>,
): Promise<z.infer<typeof Accepted>> {
  const { type, uuid, payload } = asked
  const asking = fingerprint({ method: 'POST', path: type, body: payload })
  const { address, text, subject = '', template = null, details } = of
  const id = idFromKey('notification/http', uuid)
  const draft: MessageDraft = {
    id,
    channel: type,
    template,
    userId: null,
    address,
    subject,
    text,
    details,
    fingerprint: asking,
  }
  const stored = await outbox.accept(draft)
  if (stored.fingerprint !== asking) {
    throw problem(422, 'uuid-reused', 'This uuid was used for another message.')
  }
  return { id, status: 'QUEUE' }
}

function readRoutes(server: Server, outbox: Outbox): void {
  const tags = ['notification']
  const config = allow('notification:read')
  server.get(
    '/v1/notification/id/:id',
    {
      schema: {
        tags,
        summary: 'A message',
        params: z.object({ id: z.uuid() }),
        response: { 200: Item, ...problems(401, 403, 404, 422) },
      },
      config,
    },
    async ({ params: { id } }) => {
      const found = await outbox.get(id)
      if (found === undefined) throw unknownMessage()
      return itemOf(found)
    },
  )
  server.get(
    '/v1/notification/history/:receiverAddress',
    {
      schema: {
        tags,
        summary: 'A page of the messages to an address, newest first',
        params: z.object({ receiverAddress: z.string().min(1) }),
        querystring: pagination,
        response: { 200: z.array(Item), ...problems(401, 403, 422) },
      },
      config,
    },
    async ({ params, query }) => {
      const address = receiverOf(params.receiverAddress)
      return (await outbox.history({ address, limit: query.limit, offset: offsetOf(query) })).map(itemOf)
    },
  )
  server.get(
    '/v1/notification/outbox',
    {
      schema: {
        tags,
        summary: 'All messages, newest first',
        querystring: pagination,
        response: { 200: listSchema(Item), ...problems(401, 403, 422) },
      },
      config,
    },
    async ({ query }) => {
      const { total, results } = await outbox.list({ limit: query.limit, offset: offsetOf(query) })
      return listEnvelope(query, { total, results: results.map(itemOf) })
    },
  )
  server.get(
    '/notification/outbox',
    { schema: { hide: true, querystring: pagination }, config },
    async ({ query }, reply) => {
      const found = await outbox.list({ limit: query.limit, offset: offsetOf(query) })
      reply.headers({ 'content-security-policy': PAGE_POLICY, 'cache-control': 'no-store' })
      return reply.type('text/html; charset=utf-8').send(outboxPage(query, found))
    },
  )
}

function itemOf(message: Message): z.infer<typeof Item> {
  return {
    id: message.id,
    type: message.channel,
    template: message.template,
    uuid_user: message.userId,
    receiverAddress: message.address,
    subject: message.subject,
    data: message.text,
    statusText: message.status,
    history: message.attempts.map((attempt, index) => ({
      id: attemptId(message, index),
      provider: attempt.provider,
      status: attempt.status,
      at: momentOf(attempt.at),
      response: attempt.response,
      reference: attempt.reference ?? null,
    })),
    created_at: momentOf(message.createdAt),
    update_at: momentOf(message.updatedAt),
  }
}

function unknownMessage(): Problem {
  return notFound('unknown-message', 'There is no message with this id.')
}
