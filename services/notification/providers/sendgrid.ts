// Owns: e-mail by SendGrid, through its SDK, with its dynamic templates.
import sdk from '@sendgrid/mail'
import type { ProviderSettings } from '@ensemble/service'
import * as z from 'zod'
import type { Sent } from '../delivery.ts'
import { senderOf, sentOf, sentOfFault, type Outgoing, type Provider } from './provider.ts'

interface Answer {
  readonly statusCode: number
  readonly headers: Readonly<Record<string, unknown>>
}

interface Service extends Pick<typeof sdk, 'setApiKey' | 'setTimeout'> {
  send(mail: object): Promise<readonly [Answer, unknown]>
  readonly client: { setDefaultRequest(name: string, value: unknown): void }
}

/** The SDK exports the class of its one instance, and its types leave that out. */
const { MailService } = sdk as unknown as { readonly MailService: new () => Service }

export function sendgrid(settings: NonNullable<ProviderSettings['sendgrid']>, timeoutMs: number): Provider {
  const { token, sender, url } = settings
  const service = new MailService()
  service.setApiKey(token)
  service.setTimeout(timeoutMs)
  service.client.setDefaultRequest('maxRedirects', 0)
  if (url !== undefined) service.client.setDefaultRequest('baseUrl', `${url}/`)
  return {
    name: 'sendgrid',
    channel: 'email',
    isKeyed: false,
    rendersTemplates: true,
    send: async (message) => {
      try {
        const [{ statusCode, headers }] = await service.send(mailOf(message, sender))
        if (statusCode !== 202) return sentOf(statusCode)
        const reference = headers['x-message-id']
        return { status: 'sent', reference: typeof reference === 'string' ? reference : null }
      } catch (error) {
        return refusalOf(error)
      }
    },
  }
}

function mailOf(message: Outgoing, sender: string) {
  const { address, subject, text, template, data, attempt } = message
  const from = senderOf(message, sender)
  const envelope = { to: address, from, subject, customArgs: { attempt } }
  // Their templates take the subject from the data.
  if (template !== null)
    return { ...envelope, templateId: template, dynamicTemplateData: { subject, ...data } }
  return { ...envelope, text }
}

const Refusal = z.object({ code: z.number(), response: z.object({ body: z.unknown() }) })

function refusalOf(error: unknown): Sent {
  const refusal = Refusal.safeParse(error).data
  return refusal === undefined ? sentOfFault(error) : sentOf(refusal.code, refusal.response.body)
}
