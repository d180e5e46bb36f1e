// Owns: where providers report what became of a message, and what is asked of a report before it counts.
// I1: a report counts only with its proof: a key made for one attempt of one provider, or the provider's signature.
// I2: a report that comes again, or too late, changes nothing and is answered as the first one was.
// I3: without what is needed to check it, a receiver answers 501 and reads nothing.
import { problem, problems, PUBLIC, type Problem, type Server } from '@ensemble/http'
import type { Clock } from '@ensemble/runtime'
import type { NotificationSettings } from '@ensemble/service'
import * as z from 'zod'
import { attemptOf, reported } from './delivery.ts'
import type { Outbox } from './notification-store.ts'
import { isKeyOf, isOfSendgrid } from './report-proof.ts'
import { READERS, REPORTERS, type Reporter, type Word } from './report-words.ts'

export interface ReportDesk {
  readonly outbox: Pick<Outbox, 'change'>
  readonly settings: NotificationSettings
  readonly clock: Pick<Clock, 'now'>
}

/** A signature older than this may be somebody's who kept it. */
const SIGNED_MS_MAX = 10 * 60_000
const FORM_TYPE = 'application/x-www-form-urlencoded'

const Query = z.object({ attempt: z.string().max(64).optional(), key: z.string().max(64).optional() })
const Received = z.object({ messages: z.string() })

/** As they were answered always. */
const ANSWERS: Readonly<Partial<Record<Reporter, string>>> = { wavecell: 'QUEUE' }
const ANSWER = 'Success'

/** Bodies stay texts here: a signature is of what was sent, not of what it means. */
export function reportRoutes(server: Server, desk: ReportDesk): void {
  void server.register(async (scope) => {
    scope.removeAllContentTypeParsers()
    scope.addContentTypeParser(
      ['application/json', FORM_TYPE],
      { parseAs: 'string' },
      (_request, body, done) => done(null, String(body)),
    )
    for (const provider of REPORTERS) reportRoute(scope, provider, desk)
  })
}

function reportRoute(server: Server, provider: Reporter, desk: ReportDesk): void {
  const { settings } = desk
  const proof = proofOf(provider, settings)
  const summary = `Delivery reports of ${provider}`
  server.post(
    `/v1/receiver/${provider}`,
    {
      schema: {
        tags: ['receiver'],
        summary,
        querystring: Query,
        response: { 200: Received, ...problems(400, 403, 404, 501) },
      },
      config: PUBLIC,
    },
    async ({ query, url, headers, body }) => {
      if (proof === undefined) throw notConfigured(provider)
      const text = typeof body === 'string' ? body : ''
      const isForm = String(headers['content-type']).startsWith(FORM_TYPE)
      const given: Given = { query, url, headers, text, isForm, now: desk.clock.now() }
      if (!(await proof(given))) throw forged(provider)
      const words = READERS[provider](contentOf(given))
      if (words === undefined) throw malformed(provider)
      for (const word of words) await hear(desk, { provider, word, attempt: query.attempt })
      return { messages: ANSWERS[provider] ?? ANSWER }
    },
  )
}

interface Given {
  readonly query: z.infer<typeof Query>
  readonly url: string
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>
  readonly text: string
  readonly isForm: boolean
  readonly now: number
}

type Proof = (given: Given) => Promise<boolean>

/** Undefined where a report of this provider cannot be checked. */
function proofOf(provider: Reporter, settings: NotificationSettings): Proof | undefined {
  const { publicUrl, reportSecret: secret, providers } = settings
  if (provider === 'sendgrid') {
    const key = providers.sendgrid?.reportKey
    return key === undefined ? undefined : async (given) => isSignedBySendgrid(key, given)
  }
  if (publicUrl === undefined || secret === undefined || providers[provider] === undefined) return undefined
  const isKeyed = ({ query: { attempt = '', key = '' } }: Given): boolean =>
    isKeyOf(secret, { provider, attempt }, key)
  const token = providers.twilio?.token
  if (provider !== 'twilio' || token === undefined) return async (given) => isKeyed(given)
  return async (given) => {
    if (!isKeyed(given)) return false
    const { isOfTwilio } = await import('./providers/twilio.ts')
    const signature = String(given.headers['x-twilio-signature'])
    return isOfTwilio(token, { signature, url: `${publicUrl}${given.url}`, form: formOf(given.text) })
  }
}

function isSignedBySendgrid(key: string, { headers, text, now }: Given): boolean {
  const time = String(headers['x-twilio-email-event-webhook-timestamp'])
  const signature = String(headers['x-twilio-email-event-webhook-signature'])
  const isRecent = Math.abs(now - Number(time) * 1_000) <= SIGNED_MS_MAX
  return isRecent && isOfSendgrid(key, { signature, time, body: text })
}

interface Hearing {
  readonly provider: Reporter
  readonly word: Word
  /** The attempt that the URL was made for. */
  readonly attempt: string | undefined
}

async function hear({ outbox }: ReportDesk, { provider, word, attempt }: Hearing): Promise<void> {
  const { isDelivered, reason } = word
  const named = word.attempt ?? attempt ?? ''
  // The proof is for one attempt; the body cannot speak of another.
  if (attempt !== undefined && named !== attempt) throw forged(provider)
  const of = attemptOf(named)
  if (of === undefined && attempt !== undefined) throw unknownAttempt()
  if (of === undefined) return
  const isKnown = await outbox.change(of.messageId, (message, now) => {
    const next = reported(message, { attempt: of.attempt, provider, isDelivered, reason }, now)
    return { message: next ?? message, value: next !== undefined }
  })
  // Others may send through the same account; what is not of here is nobody's failure.
  if (isKnown !== true && attempt !== undefined) throw unknownAttempt()
}

function contentOf({ text, isForm }: Given): unknown {
  if (isForm) return formOf(text)
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

function formOf(text: string): Readonly<Record<string, string>> {
  return Object.fromEntries(new URLSearchParams(text))
}

function notConfigured(provider: string): Problem {
  return problem(501, 'provider-not-configured', `Reports of '${provider}' cannot be checked here.`, {
    members: { provider },
  })
}

function forged(provider: string): Problem {
  return problem(403, 'report-not-genuine', `This report is not proven to be of '${provider}'.`)
}

function malformed(provider: string): Problem {
  return problem(400, 'report-malformed', `This is no report as '${provider}' documents it.`)
}

function unknownAttempt(): Problem {
  return problem(404, 'unknown-attempt', 'There is no such attempt.')
}
