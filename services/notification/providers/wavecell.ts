// Owns: SMS by 8x8 (Wavecell before), which has no SDK for Node.
import type { ProviderSettings } from '@ensemble/service'
import * as z from 'zod'
import { MALFORMED, sentOf, type Provider } from './provider.ts'
import { postJson } from './post-json.ts'

const URL_DEFAULT = 'https://sms.8x8.com'
const Taken = z.object({ umid: z.string(), status: z.object({ code: z.string() }) })

export function wavecell(settings: NonNullable<ProviderSettings['wavecell']>, timeoutMs: number): Provider {
  const { url = URL_DEFAULT, token, account, accountOtp = account, sender: source } = settings
  return {
    name: 'wavecell',
    channel: 'sms',
    isKeyed: false,
    rendersTemplates: false,
    send: async ({ address, text, attempt, isOtp, reportUrl }) => {
      const path = `/api/v1/subaccounts/${encodeURIComponent(isOtp ? accountOtp : account)}/messages`
      const body = {
        source,
        destination: address,
        text,
        clientMessageId: attempt,
        ...(reportUrl !== null && { dlrCallbackUrl: reportUrl }),
      }
      const headers = { authorization: `Bearer ${token}` }
      return await postJson({ url: `${url}${path}`, headers, body, timeoutMs }, (status, answer) => {
        if (status !== 200) return sentOf(status, answer)
        const taken = Taken.safeParse(answer).data
        if (taken === undefined) return MALFORMED
        if (taken.status.code.toLowerCase() === 'rejected') return { status: 'rejected', reason: 'REJECTED' }
        return { status: 'sent', reference: taken.umid }
      })
    },
  }
}
