// Owns: SMS by any provider that takes one JSON object by POST: GoSMS, or a gateway of one's own. Its settings say how.
import type { ProviderSettings } from '@ensemble/service'
import { MALFORMED, sentOf, type Outgoing, type Provider } from './provider.ts'
import { postJson } from './post-json.ts'

const REFERENCE_DEFAULT = 'id'

export function gosms(settings: NonNullable<ProviderSettings['gosms']>, timeoutMs: number): Provider {
  const { url, body, headers = {}, reference = REFERENCE_DEFAULT, isKeyed = false } = settings
  return {
    name: 'gosms',
    channel: 'sms',
    isKeyed,
    rendersTemplates: false,
    send: async (message) => {
      const keyed = { ...headers, 'idempotency-key': message.attempt }
      const filled = filledIn(body, message)
      return await postJson({ url, headers: keyed, body: filled, timeoutMs }, (status, answer) => {
        if (status < 200 || status > 299) return sentOf(status, answer)
        const id = memberAt(answer, reference)
        return id === undefined ? MALFORMED : { status: 'sent', reference: id }
      })
    },
  }
}

type Body = Readonly<Record<string, string>>

/** `{to}`, `{text}`, `{id}` and `{report}` in the values stand for what is sent. */
function filledIn(body: Body, { address, text, attempt, reportUrl }: Outgoing): Body {
  const values: Body = { to: address, text, id: attempt, report: reportUrl ?? '' }
  return Object.fromEntries(
    Object.entries(body).map(([name, value]) => [
      name,
      value.replaceAll(/\{(\w+)\}/g, (whole, key: string) => values[key] ?? whole),
    ]),
  )
}

/** A text or a number below a path such as `data.message_id`. */
function memberAt(answer: unknown, path: string): string | undefined {
  let current = answer
  for (const name of path.split('.')) {
    if (typeof current !== 'object' || current === null) return undefined
    current = Object.entries(current).find(([key]) => key === name)?.[1]
  }
  return typeof current === 'string' || typeof current === 'number' ? String(current) : undefined
}
