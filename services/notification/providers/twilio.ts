// Owns: SMS by Twilio, through its SDK, and the signature of its reports.
import sdk from 'twilio'
import type { ProviderSettings } from '@ensemble/service'
import * as z from 'zod'
import type { Sent } from '../delivery.ts'
import { MALFORMED, sentOf, sentOfFault, type Provider } from './provider.ts'

const URL_DEFAULT = 'https://api.twilio.com'

type Request<Data> = typeof sdk.RequestClient.prototype.request<Data>

/** The SDK knows one host only; a test, a proxy or a region has another. */
class Client extends sdk.RequestClient {
  readonly #origin: string

  constructor(origin: string, timeout: number) {
    super({ timeout })
    this.#origin = origin
  }

  override async request<Data>(options: Parameters<Request<Data>>[0]): ReturnType<Request<Data>> {
    return await super.request<Data>({ ...options, uri: options.uri.replace(URL_DEFAULT, this.#origin) })
  }
}

export function twilio(
  { account, token, sender: from, url = URL_DEFAULT }: NonNullable<ProviderSettings['twilio']>,
  timeoutMs: number,
): Provider {
  const { messages } = sdk(account, token, { httpClient: new Client(url, timeoutMs) })
  return {
    name: 'twilio',
    channel: 'sms',
    isKeyed: false,
    rendersTemplates: false,
    send: async ({ address, text, reportUrl }) => {
      const who = from.startsWith('MG') ? { messagingServiceSid: from } : { from }
      const report = reportUrl === null ? {} : { statusCallback: reportUrl }
      try {
        const { sid } = await messages.create({ to: address, body: text, ...who, ...report })
        return typeof sid === 'string' ? { status: 'sent', reference: sid } : MALFORMED
      } catch (error) {
        return refusalOf(error)
      }
    },
  }
}

const Refusal = z.object({ status: z.number(), code: z.number().optional() })

/** The SDK's exceptions have the status of the answer; what has none was no answer. */
function refusalOf(error: unknown): Sent {
  const refusal = Refusal.safeParse(error).data
  if (refusal === undefined) return sentOfFault(error)
  return sentOf(refusal.status, { message: refusal.code === undefined ? '' : `code ${refusal.code}` })
}

/** `url` as Twilio called it, `form` as it was sent. */
export function isOfTwilio(
  token: string,
  { signature, url, form }: { readonly signature: string; readonly url: string; readonly form: object },
): boolean {
  return sdk.validateRequest(token, signature, url, { ...form })
}
