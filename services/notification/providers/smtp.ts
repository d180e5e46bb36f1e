// Owns: e-mail by any SMTP server. Nobody reports about it: what bounces comes back as mail.
import type { ProviderSettings } from '@ensemble/service'
import { createTransport } from 'nodemailer'
import * as z from 'zod'
import type { Sent } from '../delivery.ts'
import { senderOf, sentOfFault, type Provider } from './provider.ts'

/** Before this much of the conversation nothing was handed over. */
const EARLY_TIMEOUTS: ReadonlySet<string> = new Set([
  'CONNECT_TIMEOUT',
  'GREETING_TIMEOUT',
  'UPGRADE_TIMEOUT',
])
const EARLY_CODES: ReadonlySet<string> = new Set(['EAUTH', 'EDNS', 'ETLS'])

export function smtp({ url, sender }: NonNullable<ProviderSettings['smtp']>, timeoutMs: number): Provider {
  const timeouts = {
    connectionTimeout: timeoutMs,
    greetingTimeout: timeoutMs,
    socketTimeout: timeoutMs,
    dnsTimeout: timeoutMs,
  }
  const transport = createTransport({ url, ...timeouts })
  const domain = sender.replace(/^.*@/, '').replaceAll(/[^\w.-]/g, '')
  return {
    name: 'smtp',
    channel: 'email',
    isKeyed: false,
    rendersTemplates: false,
    send: async (message) => {
      const { address: to, subject, text, attempt } = message
      const messageId = `<${attempt}@${domain}>`
      try {
        await transport.sendMail({ from: senderOf(message, sender), to, subject, text, messageId })
        return { status: 'sent', reference: messageId }
      } catch (error) {
        return refusalOf(error)
      }
    },
  }
}

const Refusal = z.object({
  code: z.string().optional(),
  responseCode: z.number().optional(),
  syscall: z.string().optional(),
  timeoutType: z.string().optional(),
})

/** 4xx: later, 5xx: never (RFC 5321 section 4.2.1). */
function refusalOf(error: unknown): Sent {
  const { code = '', responseCode, syscall, timeoutType = '' } = Refusal.safeParse(error).data ?? {}
  if (EARLY_CODES.has(code) || EARLY_TIMEOUTS.has(timeoutType) || syscall === 'connect')
    return { status: 'failed', reason: timeoutType === '' ? code : timeoutType }
  if (responseCode === undefined) return sentOfFault(error)
  return { status: responseCode < 500 ? 'failed' : 'rejected', reason: `SMTP ${responseCode}` }
}
