// Owns: SMS by Infobip, through its SDK.
// The SDK returns errors instead of throwing them.
import sdk from '@infobip-api/sdk'
import type { ProviderSettings } from '@ensemble/service'
import * as z from 'zod'
import type { Sent } from '../delivery.ts'
import { MALFORMED, sentOf, sentOfFault, type Outgoing, type Provider } from './provider.ts'

/** Groups of the statuses that Infobip documents, of messages that it will not send. */
const REFUSED_GROUPS: ReadonlySet<string> = new Set(['REJECTED', 'UNDELIVERABLE', 'EXPIRED'])

const Status = z.object({ groupName: z.string(), name: z.string() })
const Taken = z.object({
  status: z.literal(200),
  data: z.object({ messages: z.array(z.object({ messageId: z.string(), status: Status })).length(1) }),
})
const Answer = z.object({ status: z.number(), data: z.unknown() })
const Refusal = z.object({ response: Answer })

/** What of the SDK is used: it has no types of its own for this. */
interface Sdk {
  readonly channels: {
    readonly sms: {
      readonly http: { readonly axios: { readonly defaults: object } }
      send(message: object): Promise<unknown>
    }
  }
}

export function infobip(
  { url, apiKey, sender }: NonNullable<ProviderSettings['infobip']>,
  timeoutMs: number,
): Provider {
  const { channels } = new sdk.Infobip({ baseUrl: url, apiKey, authType: sdk.AuthType.ApiKey }) as Sdk
  const { sms } = channels
  Object.assign(sms.http.axios.defaults, { timeout: timeoutMs, maxRedirects: 0 })
  return {
    name: 'infobip',
    channel: 'sms',
    isKeyed: false,
    rendersTemplates: false,
    send: async (message) => answerOf(await sms.send({ messages: [bodyOf(message, sender)] })),
  }
}

function bodyOf({ address, text, attempt, reportUrl }: Outgoing, from: string): object {
  const report = reportUrl === null ? {} : { notifyUrl: reportUrl, notifyContentType: 'application/json' }
  const destinations = [{ to: address.slice(1), messageId: attempt }]
  return { from, destinations, text, callbackData: attempt, ...report }
}

function answerOf(answer: unknown): Sent {
  const taken = Taken.safeParse(answer)
  if (taken.success) {
    const [message] = taken.data.data.messages
    if (message === undefined) return MALFORMED
    const { messageId, status } = message
    if (REFUSED_GROUPS.has(status.groupName)) return { status: 'rejected', reason: status.name }
    return { status: 'sent', reference: messageId }
  }
  const refusal = Refusal.safeParse(answer)
  if (refusal.success) return sentOf(refusal.data.response.status, refusal.data.response.data)
  return Answer.safeParse(answer).success ? MALFORMED : sentOfFault(answer)
}
